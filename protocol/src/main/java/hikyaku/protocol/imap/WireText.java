package hikyaku.protocol.imap;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Response text being made, one octet per char: the strings of IMAP written as they must be. */
final class WireText {
  /** A longer string is written as a literal: some clients have a limit for lines. */
  private static final int LONGEST_QUOTED = 4000;

  private static final int LEAST = 64;

  private byte[] octets = new byte[LEAST];
  private int length;

  int length() {
    return length;
  }

  /** Hands on what was written, as text that a trace may show, and starts anew. */
  void showTo(ResponseWriter.Target target) throws IOException {
    int count = length;
    length = 0;
    target.text(octets, 0, count);
  }

  /** Hands on what was written, as octets, and starts anew. */
  void passTo(OctetSink sink) throws IOException {
    int count = length;
    length = 0;
    sink.write(octets, 0, count);
  }

  /** Keeps no more memory than a new one has: an idle session is to weigh little. */
  void shrink() {
    if (length == 0 && octets.length > LEAST) {
      octets = new byte[LEAST];
    }
  }

  private void room(int more) {
    if (octets.length - length < more) {
      octets = Arrays.copyOf(octets, Math.max(length + more, 2 * octets.length));
    }
  }

  /** One octet per char is what this method was deprecated for, and what is wanted here. */
  @SuppressWarnings("deprecation")
  WireText raw(String text) {
    int count = text.length();
    room(count);
    text.getBytes(0, count, octets, length);
    length += count;
    return this;
  }

  WireText raw(char octet) {
    room(1);
    octets[length++] = (byte) octet;
    return this;
  }

  /** Digits, written where they go. */
  WireText number(long number) {
    if (number < 0) {
      return raw(Long.toString(number));
    }
    int digits = 1;
    for (long rest = number; rest >= 10; rest /= 10) {
      digits++;
    }
    room(digits);
    length += digits;
    int at = length;
    long rest = number;
    do {
      octets[--at] = (byte) ('0' + rest % 10);
      rest /= 10;
    } while (rest > 0);
    return this;
  }

  /** Atoms with spaces between, in parentheses. */
  WireText list(List<String> atoms) {
    return raw('(').raw(String.join(" ", atoms)).raw(')');
  }

  /** A string safe for its reader: text of ours, ASCII, on one line. */
  WireText human(String sentence) {
    for (int at = 0; at < sentence.length(); at++) {
      char c = sentence.charAt(at);
      raw(c >= ' ' && c <= '~' ? c : '?');
    }
    if (sentence.isEmpty()) {
      raw('-');
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
    boolean plain = true;
    for (int at = 0; at < octets.length(); at++) {
      char c = octets.charAt(at);
      quotable &= c != '\r' && c != '\n';
      ascii &= c < 0x80;
      nul |= c == 0;
      plain &= c != '"' && c != '\\';
    }
    String told = nul ? octets.replace('\0', '?') : octets;
    if (quotable && (ascii || utf8 && Text.utf8(told) != null)) {
      String escaped = plain ? told : told.replace("\\", "\\\\").replace("\"", "\\\"");
      return raw('"').raw(escaped).raw('"');
    }
    return raw('{').number(told.length()).raw("}\r\n").raw(told);
  }

  /** {@code value} (RFC 5464 §5): NUL takes a literal8. */
  WireText value(@Nullable String octets, boolean utf8) {
    if (octets == null || octets.indexOf(0) < 0) {
      return nstring(octets, utf8);
    }
    return raw("~{").number(octets.length()).raw("}\r\n").raw(octets);
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
