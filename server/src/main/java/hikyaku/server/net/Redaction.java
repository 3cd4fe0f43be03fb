package hikyaku.server.net;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/**
 * What of a client's line may be shown in a protocol trace. Closed by default: only a line that
 * begins with a known command is shown; a mistyped LOGIN or a password sent out of step is not.
 */
@FunctionalInterface
public interface Redaction {
  /** Hides every line. */
  Redaction ALL = line -> new Shown("<" + line.length + " octets>", false);

  /** Judges one line, given without its line ending. */
  Shown show(byte[] line);

  /**
   * @param text what the trace shows in place of the line
   * @param secret whether the rest of the command, up to the next {@link Connection#await}, is
   *     hidden as well: continuation lines, SASL responses
   */
  record Shown(String text, boolean secret) {}

  /**
   * By the line's command word.
   *
   * @param wordIndex 0 where the command is the first word (SMTP, POP3), 1 where it follows a tag
   *     (IMAP)
   * @param open commands shown with their arguments, in upper case
   * @param secret commands shown without, in upper case: LOGIN, AUTHENTICATE, AUTH, PASS, APOP
   */
  static Redaction byCommand(int wordIndex, Set<String> open, Set<String> secret) {
    Set<String> shown = Set.copyOf(open);
    Set<String> hidden = Set.copyOf(secret);
    return line -> {
      String text = new String(line, StandardCharsets.ISO_8859_1);
      int start = 0;
      for (int word = 0; word < wordIndex && start >= 0; word++) {
        start = text.indexOf(' ', start) + 1;
        if (start == 0) {
          return ALL.show(line);
        }
      }
      int end = text.indexOf(' ', start);
      String command = text.substring(start, end < 0 ? text.length() : end);
      String upper = command.toUpperCase(Locale.ROOT);
      if (hidden.contains(upper)) {
        int rest = end < 0 ? 0 : text.length() - end - 1;
        String head = text.substring(0, start) + command;
        return new Shown(rest == 0 ? head : head + " <" + rest + " octets>", true);
      }
      return shown.contains(upper) ? new Shown(text, false) : ALL.show(line);
    };
  }
}
