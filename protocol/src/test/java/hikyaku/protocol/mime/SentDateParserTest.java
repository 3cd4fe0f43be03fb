package hikyaku.protocol.mime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.OffsetDateTime;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SentDateParserTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Fri, 21 Nov 1997 09:55:06 -0600 | 1997-11-21T09:55:06-06:00",
        "Tue, 1 Jul 2003 10:52:37 +0200 | 2003-07-01T10:52:37+02:00",
        "Thu, 13 Feb 1969 23:32:54 -0330 | 1969-02-13T23:32:54-03:30",
        "Thu,\t13\tFeb\t1969 23:32 -0330 (Newfoundland Time) | 1969-02-13T23:32:00-03:30",
        "21 Nov 97 09:55:06 GMT | 1997-11-21T09:55:06Z",
        "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600 | 1997-11-21T09:55:06-06:00",
        "Wed, 11 Feb 98 11:51 CST | 1998-02-11T11:51:00-06:00",
        "Wed 11 Feb 2004 11:51:01 EDT | 2004-02-11T11:51:01-04:00",
        "Fri Feb 15 14:45:01 2013 | 2013-02-15T14:45:01Z",
        "Fri Feb 15 14:45:01 2013 +0100 | 2013-02-15T14:45:01+01:00",
        "Fri Feb 15 14:45:01 PST 2013 | 2013-02-15T14:45:01-08:00",
        "2013-02-15T14:45:01.123+05:30 | 2013-02-15T14:45:01+05:30",
        "2013-02-15 14:45:01 | 2013-02-15T14:45:01Z",
        "15-Feb-2013 14:45:01 -0000 | 2013-02-15T14:45:01Z",
        "May 8, 2005 1:17 PM | 2005-05-08T13:17:00Z",
        "8 May 2005 12:17 AM | 2005-05-08T00:17:00Z",
        "Mon, 03 February 2014 7:01:60 +0000 | 2014-02-03T07:01:59Z",
        "Sat, 1 Jan 00 00:00:00 Z | 2000-01-01T00:00:00Z",
        "1 Jan 103 00:00:00 | 2003-01-01T00:00:00Z",
        "1 Jan 2003 10.11.12 | 2003-01-01T10:11:12Z",
        "1 Jan 2003 | 2003-01-01T00:00:00Z",
        "1 Jan 2003 25:99 | 2003-01-01T00:00:00Z",
        "1 Jan 2003 10:11:12 +9999 | 2003-01-01T10:11:12Z",
        "1 Jan 2003 10:11:12 K | 2003-01-01T10:11:12Z",
        "1 Jan 2003 10:11:12 GMT+0200 | 2003-01-01T10:11:12+02:00",
        "29 Feb 2004 10:11:12 | 2004-02-29T10:11:12Z",
      })
  void understands(String written, OffsetDateTime meant) {
    assertThat(SentDateParser.parse(written))
        .isEqualTo(new SentDate(meant.toEpochSecond(), meant.getOffset().getTotalSeconds()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "yesterday", "30 Feb 2003", "99 Jan 2003", "Jan 2003", "0 Jan 2003", "::::"})
  void understandsNothing(String written) {
    assertThat(SentDateParser.parse(written)).isNull();
  }

  @Test
  void absent() {
    assertThat(SentDateParser.parse(null)).isNull();
  }

  @Test
  void theDayIsTheSenders() {
    SentDate late = SentDateParser.parse("1 Jan 2003 23:30:00 -0800");
    assertThat(late.epochDay()).isEqualTo(java.time.LocalDate.of(2003, 1, 1).toEpochDay());
  }

  @Test
  void anyTextIsRead() {
    String[] morsels = {
      "1",
      "31",
      "99",
      "2003",
      "Jan",
      "feb",
      ":",
      "-",
      "+",
      "0200",
      " ",
      "(",
      ")",
      "T",
      "pm",
      ".",
      "EST",
      "99999999999",
      "\u00e4",
      ","
    };
    for (int seed = 0; seed < 50_000; seed++) {
      Random random = new Random(seed);
      StringBuilder text = new StringBuilder();
      for (int at = random.nextInt(14); at >= 0; at--) {
        text.append(morsels[random.nextInt(morsels.length)]);
      }
      SentDate date = SentDateParser.parse(text.toString());
      if (date != null) {
        assertThat(Math.abs(date.offsetSeconds())).as("%s", text).isLessThan(86_400);
      }
    }
  }
}
