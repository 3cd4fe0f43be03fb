package hikyaku.server.filter;

import static java.nio.charset.StandardCharsets.US_ASCII;

import hikyaku.protocol.smtp.EnhancedCode;
import hikyaku.protocol.smtp.Reply;
import java.util.List;

/**
 * A script wants a message refused (RFC 5429).
 *
 * @param reason for the sender
 * @param atOnce whether the server that hands it over is to hear it
 */
public record Refusal(String reason, boolean atOnce) {
  /** Lines of a reply, and characters of each. */
  private static final int MOST_LINES = 10;

  private static final int LONGEST_LINE = 400;

  private static final EnhancedCode CODE = EnhancedCode.of("5.7.1");

  /**
   * Whether a reply is to say it: its text is ASCII, or need not be told word for word (RFC 5429
   * §2.1.1, §2.2), as replies of SMTPUTF8 cannot either (RFC 6531 §3.7.4.2). Where no mail may say
   * it nobody gets the words, and a reply says at least that it was refused.
   *
   * @param answerable whether a mail may tell the sender
   */
  public boolean isReply(boolean answerable) {
    return atOnce || !answerable || US_ASCII.newEncoder().canEncode(reason);
  }

  /** The reply that says it. */
  public Reply reply() {
    List<String> lines =
        US_ASCII.newEncoder().canEncode(reason)
            ? reason
                .lines()
                .map(Letter::oneLine)
                .filter(line -> !line.isEmpty())
                .map(line -> line.substring(0, Math.min(LONGEST_LINE, line.length())))
                .limit(MOST_LINES)
                .toList()
            : List.of();
    return new Reply(
        550, CODE, lines.isEmpty() ? List.of("The recipient does not want this message") : lines);
  }
}
