package hikyaku.protocol.mime;

import java.util.Locale;

/**
 * One field of a header.
 *
 * @param name as written, octets one per char; empty for a line that is no field
 * @param start offset of its first octet in the header block
 * @param valueStart offset of what follows the colon
 * @param end offset behind its last line ending
 * @param value unfolded (RFC 5322 §2.2.3) and trimmed, octets one per char
 */
public record HeaderField(String name, int start, int valueStart, int end, String value) {

  /** Whether it has this name; case does not count (RFC 5322 §1.2.2). */
  public boolean is(String wanted) {
    // Case changes no length that a name of octets can have.
    return name.length() == wanted.length() && fold(name).equals(fold(wanted));
  }

  /** The value as people read it: encoded-words and 8-bit text decoded. */
  public String decoded() {
    return EncodedWords.decode(value);
  }

  static String fold(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}
