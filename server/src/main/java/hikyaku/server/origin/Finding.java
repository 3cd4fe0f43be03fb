package hikyaku.server.origin;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What was found out about whom a message is from.
 *
 * @param field the Authentication-Results field, with its line ending; empty if nobody looked
 * @param results such as {@code spf=pass}, for logs
 * @param author the domain whose policy was asked; empty for none
 */
public record Finding(String field, List<String> results, String author, Disposition disposition) {
  /** Of a message that nobody looked at. */
  public static final Finding NONE = new Finding("", List.of(), "", Disposition.ACCEPT);

  private static final Pattern RESULT = Pattern.compile("\r\n\t([a-z]+=[a-z]+)");

  public Finding {
    results = List.copyOf(results);
  }

  /** What is to become of a message. */
  public enum Disposition {
    ACCEPT,
    JUNK,
    /** It fails DMARC: 550 5.7.26 (RFC 7372 §3.3). */
    REFUSE_DMARC,
    /** Its server may not send it: 550 5.7.23 (RFC 7372 §3.2). */
    REFUSE_SPF,
    /** DNS does not say whether its server may send it: 451 4.7.24 (RFC 7372 §3.2). */
    DEFER_SPF,
    /** DNS does not say what to think of it: 451 4.4.3. */
    DEFER_DNS;

    String told() {
      return switch (this) {
        case ACCEPT -> "none";
        case JUNK -> "quarantine";
        case REFUSE_DMARC, REFUSE_SPF -> "reject";
        case DEFER_SPF, DEFER_DNS -> "defer";
      };
    }
  }

  /**
   * What was found when the message was delivered, by the fields that were put before it: who
   * repeats the delivery elsewhere must find the same.
   */
  public static Finding ofDelivered(String prefix) {
    String name = ResultsField.NAME + ": ";
    int start = prefix.startsWith(name) ? 0 : prefix.indexOf("\r\n" + name) + 2;
    if (start == 1) {
      return NONE;
    }
    int end = start;
    do {
      int line = prefix.indexOf("\r\n", end);
      end = line < 0 ? prefix.length() : line + 2;
    } while (end < prefix.length() && prefix.charAt(end) == '\t');
    String field = prefix.substring(start, end);
    List<String> results = new ArrayList<>();
    Matcher matcher = RESULT.matcher(field);
    while (matcher.find()) {
      results.add(matcher.group(1));
    }
    boolean junk = field.contains("dis=" + Disposition.JUNK.told() + ")");
    return new Finding(field, results, "", junk ? Disposition.JUNK : Disposition.ACCEPT);
  }
}
