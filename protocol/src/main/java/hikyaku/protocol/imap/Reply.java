package hikyaku.protocol.imap;

import org.jspecify.annotations.Nullable;

/**
 * What a command's completion, or a refusal of it, says to the client.
 *
 * @param text a sentence that is safe to show: it holds nothing of the server's inside
 */
public record Reply(Condition condition, @Nullable ResponseCode code, String text) {
  public static Reply ok(String text) {
    return new Reply(Condition.OK, null, text);
  }

  public static Reply ok(@Nullable ResponseCode code, String text) {
    return new Reply(Condition.OK, code, text);
  }

  public static Reply no(String text) {
    return new Reply(Condition.NO, null, text);
  }

  public static Reply no(@Nullable ResponseCode code, String text) {
    return new Reply(Condition.NO, code, text);
  }

  public static Reply bad(String text) {
    return new Reply(Condition.BAD, null, text);
  }

  public static Reply bad(@Nullable ResponseCode code, String text) {
    return new Reply(Condition.BAD, code, text);
  }
}
