package hikyaku.server.origin;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What was found out about whom a message is from.
 *
 * @param field the Authentication-Results field, with its line ending; empty if nobody looked
 * @param results such as {@code spf=pass}, for logs
 * @param author the domain whose policy was asked; empty for none
 * @param chain of those who passed the message on
 * @param judged what its author's domain may be told of it; nothing if that has no policy, or the
 *     message is to come again
 * @param denied whether the domain of its sender says that it is not from there, and nothing proves
 *     that it is: who answers it most likely writes to somebody who never wrote
 * @param explanation what its sender's domain says to whom it lets not pass, if it is refused for
 *     that
 */
public record Finding(
    String field,
    List<String> results,
    String author,
    Disposition disposition,
    Chain chain,
    Optional<Judged> judged,
    boolean denied,
    Optional<Explanation> explanation) {
  /** Of a message that nobody looked at. */
  public static final Finding NONE =
      new Finding(
          "",
          List.of(),
          "",
          Disposition.ACCEPT,
          Chain.CLOSED,
          Optional.empty(),
          false,
          Optional.empty());

  /** How SPF tells that it is about the sender, and not about what the client calls itself. */
  static final String OF_SENDER = "smtp.mailfrom";

  /** How the comment on DMARC has it that a message's sender is denied. */
  static final String DENIED = "sender=denied";

  private static final Pattern RESULT = Pattern.compile("\r\n\t([a-z]+=[a-z]+)");

  public Finding {
    results = List.copyOf(results);
  }

  /**
   * What others have written for a reply (RFC 7208 §6.2).
   *
   * @param domain who says it
   * @param text of visible ASCII and spaces, for one line
   */
  public record Explanation(String domain, String text) {}

  /**
   * The chain of those who sealed what they had found (RFC 8617), for who sends the message on.
   *
   * @param next the number of the set to be added; 0 if there must be none: the chain is said to be
   *     broken already, is as long as chains may be, or could not be verified now
   * @param result {@code none}, {@code pass} or {@code fail}
   * @param covered what a seal covers of a chain that holds: its fields in canonical form
   */
  public record Chain(int next, String result, ByteString covered) {
    /** One that nothing is added to. */
    public static final Chain CLOSED = new Chain(0, "none", ByteString.EMPTY);
  }

  /**
   * Whether the domain of its sender lets the server send that it came from (RFC 7208 §2.4). What
   * that server calls itself may pass as well: anybody has a name that does, and it says nothing of
   * the sender.
   */
  public boolean isSenderProven() {
    return field.contains("\r\n\tspf=pass " + OF_SENDER + "=");
  }

  /** What was found, as Authentication-Results has it, without the name of the field. */
  public String told() {
    return field.isEmpty() ? "" : field.substring(ResultsField.NAME.length() + 1).strip();
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
   * repeats the delivery elsewhere must find the same. Of what was sent on the first time nothing
   * is made again, so the chain does not matter; and what its author's domain is told of was
   * counted with the delivery.
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
    return new Finding(
        field,
        results,
        "",
        junk ? Disposition.JUNK : Disposition.ACCEPT,
        Chain.CLOSED,
        Optional.empty(),
        field.contains(DENIED + " dis="),
        Optional.empty());
  }
}
