package hikyaku.protocol.imap;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Response text being made, one octet per char: the strings of IMAP written as they must be. */
final class WireText {
  /** A longer string is written as a literal: some clients have a limit for lines. */
  private static final int LONGEST_QUOTED = 4000;

  /** What is kept of the buffer between responses: an idle session is to weigh little. */
  private static final int KEPT = 512;

  private StringBuilder text = new StringBuilder(64);

  int length() {
    return text.length();
  }

  /** Gives what was written and starts anew. */
  String take() {
    String taken = text.toString();
    if (text.capacity() > KEPT) {
      text = new StringBuilder(64);
    } else {
      text.setLength(0);
    }
    return taken;
  }

  WireText raw(String octets) {
    text.append(octets);
    return this;
  }

  WireText raw(char octet) {
    text.append(octet);
    return this;
  }

  WireText number(long number) {
    text.append(number);
    return this;
  }

  /** Atoms with spaces between, in parentheses. */
  WireText list(List<String> atoms) {
    text.append('(').append(String.join(" ", atoms)).append(')');
    return this;
  }

  /** A string safe for its reader: text of ours, ASCII, on one line. */
  WireText human(String sentence) {
    for (int at = 0; at < sentence.length(); at++) {
      char c = sentence.charAt(at);
      text.append(c >= ' ' && c <= '~' ? c : '?');
    }
    if (sentence.isEmpty()) {
      text.append('-');
    }
    return this;
  }

  /**
   * {@code nstring}: octets as a quoted string if they may stand in one, else as a literal.
   *
   * @param utf8 whether the client takes UTF-8 in quoted strings
   */
  WireText nstring(@Nullable String octets, boolean utf8) {
    return octets == null ? raw("NIL") : string(octets, utf8);
  }

  /** {@code string}. A NUL, which no string of IMAP can hold, becomes a question mark. */
  WireText string(String octets, boolean utf8) {
    boolean quotable = octets.length() <= LONGEST_QUOTED;
    boolean ascii = true;
    boolean nul = false;
    for (int at = 0; at < octets.length(); at++) {
      char c = octets.charAt(at);
      quotable &= c != '\r' && c != '\n';
      ascii &= c < 0x80;
      nul |= c == 0;
    }
    String told = nul ? octets.replace('\0', '?') : octets;
    if (quotable && (ascii || utf8 && Text.utf8(told) != null)) {
      return quoted(told);
    }
    text.append('{').append(told.length()).append("}\r\n").append(told);
    return this;
  }

  /** {@code value} (RFC 5464 §5): NUL takes a literal8. */
  WireText value(@Nullable String octets, boolean utf8) {
    if (octets == null || octets.indexOf(0) < 0) {
      return nstring(octets, utf8);
    }
    text.append("~{").append(octets.length()).append("}\r\n").append(octets);
    return this;
  }

  private WireText quoted(String octets) {
    boolean plain = octets.indexOf('"') < 0 && octets.indexOf('\\') < 0;
    String escaped = plain ? octets : octets.replace("\\", "\\\\").replace("\"", "\\\"");
    text.append('"').append(escaped).append('"');
    return this;
  }

  /** {@code astring}: an atom where that cannot be mistaken. */
  WireText astring(String octets, boolean utf8) {
    boolean atom = !octets.isEmpty() && !Text.equalsIgnoreCase(octets, "NIL");
    for (int at = 0; atom && at < octets.length(); at++) {
      atom = octets.charAt(at) < 0x80 && Cursor.isAstringChar(octets.charAt(at));
    }
    return atom ? raw(octets) : string(octets, utf8);
  }

  /** {@code mailbox}. */
  WireText mailbox(String name, boolean utf8) {
    return astring(MailboxNames.encode(name, utf8), utf8);
  }

  WireText delimiter(char delimiter) {
    return raw('"').raw(delimiter == '\\' ? "\\\\" : String.valueOf(delimiter)).raw('"');
  }
}
