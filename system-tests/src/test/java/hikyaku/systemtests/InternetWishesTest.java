package hikyaku.systemtests;

import static hikyaku.systemtests.InternetSite.arrived;
import static hikyaku.systemtests.InternetSite.ask;
import static hikyaku.systemtests.InternetSite.internet;
import static hikyaku.systemtests.InternetSite.node;
import static hikyaku.systemtests.InternetSite.report;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.internet.Internet;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What users ask for in the envelope, and other people's servers that heed it, or do not. */
@Order(InternetSite.ORDER)
@ExtendWith({SharedNode.class, InternetSite.class})
class InternetWishesTest {
  private static final int HELD_SECONDS = 5;

  /** Postfix reports itself; Exim, as it is configured, does not, and so our server does. */
  @Test
  void whoAsksToHearOfSuccessHearsOfIt() throws Exception {
    for (String domain : List.of("postfix.example", "exim.example")) {
      ask(
          "tell",
          "RET=HDRS ENVID=e+2B1",
          "NOTIFY=SUCCESS ORCPT=rfc822;first@users.example",
          "box@" + domain);
      arrived(domain, "tell");
      assertThat(report("rfc822; box@" + domain))
          .startsWith("Return-Path: <>\n")
          .contains("Original-Envelope-Id: e+1\n")
          .containsPattern("Original-Recipient: rfc822; ?first@users.example\n")
          .contains(domain.startsWith("p") ? "\nAction: delivered\n" : "\nAction: relayed\n")
          .contains(
              domain.startsWith("p")
                  ? "Reporting-MTA: dns; mx.postfix.example\n"
                  : "Reporting-MTA: dns; " + Internet.OUR_HOST + "\n")
          .doesNotContain("One line.");
    }
  }

  /** Neither server heeds when mail is late, or promises TLS on the rest of the way. */
  @Test
  void whatNobodyPromisesComesBackOrIsTold() throws Exception {
    ask("by-then", "BY=3600;N", "", "böx@postfix.example");
    arrived("postfix.example", "by-then");
    assertThat(report("utf-8; böx@postfix.example")).contains("\nAction: relayed\n");
    ask("in-time", "BY=3600;R", "", "late@exim.example");
    assertThat(report("rfc822; late@exim.example")).contains("\nStatus: 5.3.3\n");
    ask("secret", "REQUIRETLS", "", "secret@exim.example");
    assertThat(report("rfc822; secret@exim.example")).contains("\nStatus: 5.7.30\n");
    assertThat(internet().box("exim.example"))
        .noneMatch(message -> message.contains("Subject: in-time") || message.contains("secret"));
  }

  /** Sendmail heeds when mail is late, and tells itself of a step. */
  @Test
  void byWhenMailIsWantedIsToldToWhoHeedsIt() throws Exception {
    ask("by-noon", "BY=3600;RT", "", "box@sendmail.example");
    arrived("sendmail.example", "by-noon");
    String report = report("RFC822; box@sendmail.example");
    assertThat(report)
        .contains("\nReporting-MTA: dns; mx.sendmail.example\n")
        .contains("\nAction: relayed (Deliver-By trace mode)\n");
    // It was told what is left of the time, in seconds from when it heard of it.
    assertThat(date(report, "Deliver-By-Date") - date(report, "Arrival-Date"))
        .isBetween(3590L, 3600L);
  }

  /** A point in time in a report, in seconds since the epoch. */
  private static long date(String report, String field) {
    Matcher date = Pattern.compile("\n" + field + ": (.*)\n").matcher(report);
    assertThat(date.find()).as(report).isTrue();
    return ZonedDateTime.parse(date.group(1), DateTimeFormatter.RFC_1123_DATE_TIME).toEpochSecond();
  }

  @Test
  void prioritiesAreToldToWhoKnowsThem() throws Exception {
    ask("urgent", "MT-PRIORITY=4", "", "box@priority.example");
    ask("hasty", "MT-PRIORITY=9", "", "box@priority.example");
    ask("lazy", "MT-PRIORITY=-3", "", "box@priority.example");
    ask("urgent", "MT-PRIORITY=4", "", "box@postfix.example");
    assertThat(arrived("priority.example", "urgent"))
        .containsPattern("^MAIL FROM:<anna@.*> .*MT-PRIORITY=4\n");
    // Nobody of the domain may have more.
    assertThat(arrived("priority.example", "hasty"))
        .containsPattern("^MAIL FROM:<anna@.*> .*MT-PRIORITY=4\n");
    assertThat(arrived("priority.example", "lazy"))
        .containsPattern("^MAIL FROM:<anna@.*> .*MT-PRIORITY=-3\n");
    // Postfix would have refused what it does not know.
    assertThat(arrived("postfix.example", "urgent")).contains("\n\tpriority 4");
  }

  @Test
  void whatIsForLaterGoesThenOrWhenItIsReleased() throws Exception {
    long asked = System.nanoTime();
    ask("later", "HOLDFOR=" + HELD_SECONDS, "", "box@postfix.example");
    ask("far-off", "HOLDFOR=86400", "", "later@exim.example");
    String waiting = node().command("", "queue", "list", "--domain", "exim.example").ok().output();
    Matcher line = Pattern.compile("(?m)^(\\S+) .*later@exim.example.*until ").matcher(waiting);
    assertThat(line.find()).as(waiting).isTrue();
    arrived("postfix.example", "later");
    assertThat(System.nanoTime() - asked).isGreaterThan(TimeUnit.SECONDS.toNanos(HELD_SECONDS));
    assertThat(node().command("", "queue", "list", "--domain", "exim.example").ok().output())
        .containsPattern(line.group(1) + " .* until ");
    // Exim says by its refusal that it has been asked now.
    node().command("", "queue", "release", line.group(1)).ok();
    report("rfc822; later@exim.example");
  }
}
