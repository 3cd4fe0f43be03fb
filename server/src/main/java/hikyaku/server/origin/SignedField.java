package hikyaku.server.origin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Header fields in canonical form (RFC 6376 §3.4.1, §3.4.2), as signatures cover them. */
final class SignedField {
  private SignedField() {}

  /**
   * What a signature is made over: the fields that it names, from the bottom up (RFC 6376 §5.4.2),
   * and itself.
   */
  static byte[] covered(
      HeaderFields head, List<String> names, HeaderField signature, boolean relaxed) {
    Map<String, Deque<HeaderField>> byName = new HashMap<>();
    for (HeaderField field : head) {
      byName.computeIfAbsent(Text.lower(field.name()), _ -> new ArrayDeque<>()).push(field);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String name : names) {
      Deque<HeaderField> left = byName.get(Text.lower(name));
      if (left != null && !left.isEmpty()) {
        write(head, left.pop(), relaxed, out);
      }
    }
    writeUnsigned(head, signature, relaxed, out);
    return out.toByteArray();
  }

  static void write(
      HeaderFields head, HeaderField field, boolean relaxed, ByteArrayOutputStream out) {
    byte[] octets = head.octets(field);
    if (!relaxed) {
      out.writeBytes(octets);
      return;
    }
    String raw = new String(octets, ISO_8859_1);
    out.writeBytes(relaxed(field, raw).getBytes(ISO_8859_1));
    out.write('\r');
    out.write('\n');
  }

  /** A signature's own field: without what the b tag holds, and without its last line ending. */
  static void writeUnsigned(
      HeaderFields head, HeaderField field, boolean relaxed, ByteArrayOutputStream out) {
    String raw = unsigned(field, new String(head.octets(field), ISO_8859_1));
    out.writeBytes((relaxed ? relaxed(field, raw) : withoutEnding(raw)).getBytes(ISO_8859_1));
  }

  private static String unsigned(HeaderField field, String raw) {
    int at = field.valueStart() - field.start();
    while (at < raw.length()) {
      int semicolon = raw.indexOf(';', at);
      int end = semicolon < 0 ? raw.length() : semicolon;
      int equals = raw.indexOf('=', at);
      if (equals >= 0 && equals < end && Text.trim(raw.substring(at, equals)).equals("b")) {
        return raw.substring(0, equals + 1) + raw.substring(end);
      }
      at = end + 1;
    }
    return raw;
  }

  private static String withoutEnding(String raw) {
    if (raw.endsWith("\r\n")) {
      return raw.substring(0, raw.length() - 2);
    }
    return raw.endsWith("\n") ? raw.substring(0, raw.length() - 1) : raw;
  }

  private static String relaxed(HeaderField field, String raw) {
    StringBuilder out = new StringBuilder(raw.length());
    out.append(Text.lower(field.name())).append(':');
    boolean space = false;
    boolean any = false;
    for (int i = field.valueStart() - field.start(); i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c == ' ' || c == '\t') {
        space = true;
      } else if (c != '\r' && c != '\n') {
        if (space && any) {
          out.append(' ');
        }
        space = false;
        any = true;
        out.append(c);
      }
    }
    return out.toString();
  }
}
