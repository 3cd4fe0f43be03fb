package hikyaku.protocol.pop3;

import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** One line from the server: a status indicator or a SASL challenge. */
public sealed interface Reply {
  /** The most octets of a reply, CRLF included (RFC 1939 §3). */
  int LONGEST = 512;

  /** +OK (RFC 1939 §3). */
  record Ok(String text) implements Reply {
    public Ok {
      checkText(text);
    }
  }

  /** -ERR, with a response code where there is one (RFC 2449 §8). */
  record Err(@Nullable ResponseCode code, String text) implements Reply {
    public Err {
      checkText(text);
    }
  }

  /** "+", a SASL challenge (RFC 5034 §4). */
  @SuppressWarnings("ArrayRecordComponent") // Never compared; copied by nobody.
  record Challenge(byte[] octets) implements Reply {
    @Override
    public String toString() {
      return "Challenge[***]";
    }
  }

  static Reply ok(String text) {
    return new Ok(text);
  }

  static Reply err(String text) {
    return new Err(null, text);
  }

  static Reply err(ResponseCode code, String text) {
    return new Err(code, text);
  }

  /** The reply on the wire: ASCII, CRLF included. */
  default String toWire() {
    String line =
        switch (this) {
          case Ok(String text) -> text.isEmpty() ? "+OK" : "+OK " + text;
          case Err(ResponseCode code, String text) ->
              code == null ? "-ERR " + text : "-ERR [" + code.text() + "] " + text;
          case Challenge(byte[] challenge) -> "+ " + Base64.getEncoder().encodeToString(challenge);
        };
    return line + "\r\n";
  }

  private static void checkText(String text) {
    // Texts come from this program, never from a client or a message: a fault here is a bug.
    if (text.length() > LONGEST - "-ERR [LOGIN-DELAY] \r\n".length()
        || text.chars().anyMatch(c -> c < ' ' || c > '~')) {
      throw new IllegalArgumentException("not the text of a reply: " + text.length() + " chars");
    }
  }
}
