package hikyaku.protocol.mime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A Content-Type or Content-Disposition field taken apart (RFC 2045 §5.1, RFC 2183 §2, RFC 2231),
 * as it is written and not only as it should be: missing and doubled semicolons, unquoted values
 * with spaces, unended quotes.
 *
 * @param value what stands before the first parameter, in lower case, without comments
 * @param parameters with continuations joined
 */
public record ContentField(String value, List<MimeParameter> parameters) {

  public ContentField {
    parameters = List.copyOf(parameters);
  }

  /**
   * Takes a field apart.
   *
   * @param value unfolded, octets one per char
   */
  public static ContentField of(String value) {
    return parse(value, new Budget(MimeLimits.DEFAULT));
  }

  static ContentField parse(String text, Budget budget) {
    Reader reader = new Reader(text);
    String value = reader.upToSemicolon().toLowerCase(Locale.ROOT);
    // A parameter where the value should be: the first semicolon or the value itself is missing.
    if (value.indexOf('=') >= 0) {
      int space = value.indexOf(' ');
      int equals = value.indexOf('=');
      reader.at = 0;
      value = "";
      if (space >= 0 && space < equals) {
        value = text.substring(0, text.indexOf(' ')).toLowerCase(Locale.ROOT);
        reader.at = value.length();
      }
    }
    Map<String, Parts> parts = new LinkedHashMap<>();
    int limit = budget.limits().parameters();
    int count = 0;
    while (reader.more()) {
      String name = reader.name();
      if (!reader.skip('=')) {
        reader.upToSemicolon();
        reader.skip(';');
        continue;
      }
      String parameter = reader.value();
      if (name.isEmpty()) {
        continue;
      }
      if (++count > limit) {
        budget.reachLimit();
        break;
      }
      add(parts, name.toLowerCase(Locale.ROOT), parameter);
    }
    List<MimeParameter> joined = new ArrayList<>(parts.size());
    parts.forEach((name, part) -> joined.add(part.join(name)));
    return new ContentField(value, joined);
  }

  /** One parameter as written, or one segment of it (RFC 2231 §3). */
  private record Segment(String value, boolean extended) {}

  /** What was found under one name, less the marks of RFC 2231. */
  private static final class Parts {
    private final TreeMap<Integer, Segment> segments = new TreeMap<>();

    void add(int index, Segment segment) {
      segments.putIfAbsent(index, segment);
    }

    MimeParameter join(String name) {
      String base = name.endsWith("*") ? name.substring(0, name.length() - 1) : name;
      boolean extended = segments.values().stream().anyMatch(Segment::extended);
      StringBuilder joined = new StringBuilder();
      int expected = segments.firstKey();
      for (Map.Entry<Integer, Segment> entry : segments.entrySet()) {
        if (entry.getKey() != expected) {
          break; // a segment is missing, and nothing can follow it
        }
        expected++;
        Segment segment = entry.getValue();
        if (extended && !segment.extended()) {
          if (joined.isEmpty()) {
            joined.append("''");
          }
          encodeInto(joined, segment.value());
        } else {
          joined.append(segment.value());
        }
      }
      return new MimeParameter(extended ? base + "*" : base, joined.toString());
    }

    private static void encodeInto(StringBuilder to, String plain) {
      for (int at = 0; at < plain.length(); at++) {
        char octet = plain.charAt(at);
        if (octet > ' ' && octet < 127 && "*'%()<>@,;:\\\"/[]?=".indexOf(octet) < 0) {
          to.append(octet);
        } else {
          to.append('%')
              .append(Character.toUpperCase(Character.forDigit(octet >> 4 & 15, 16)))
              .append(Character.toUpperCase(Character.forDigit(octet & 15, 16)));
        }
      }
    }
  }

  /**
   * Sorts a parameter under its name. {@code name*} stands beside a plain {@code name}, as senders
   * give both; segments {@code name*0}, {@code name*1*} are joined.
   */
  private static void add(Map<String, Parts> parts, String name, String value) {
    boolean extended = name.endsWith("*") && name.length() > 1;
    String base = extended ? name.substring(0, name.length() - 1) : name;
    int star = base.lastIndexOf('*');
    int index = 0;
    boolean segmented = false;
    if (star > 0 && base.length() - star <= 6) {
      try {
        index = Integer.parseUnsignedInt(base.substring(star + 1));
        base = base.substring(0, star);
        segmented = true;
      } catch (NumberFormatException notANumber) {
        index = 0;
      }
    }
    String key = segmented || extended ? base + "*" : base;
    parts.computeIfAbsent(key, unused -> new Parts()).add(index, new Segment(value, extended));
  }

  /** Reads along the text of a field. */
  private static final class Reader {
    private final String text;
    private int at;

    Reader(String text) {
      this.text = text;
    }

    /** Skips white space, comments and semicolons; false at the end. */
    boolean more() {
      while (at < text.length()) {
        char next = text.charAt(at);
        if (next == ';' || next == ',' || isSpace(next)) {
          at++;
        } else if (next == '(') {
          comment();
        } else {
          return true;
        }
      }
      return false;
    }

    private void comment() {
      int depth = 0;
      while (at < text.length()) {
        char next = text.charAt(at++);
        if (next == '\\') {
          at++;
        } else if (next == '(') {
          depth++;
        } else if (next == ')' && --depth == 0) {
          break;
        }
      }
      at = Math.min(at, text.length());
    }

    String upToSemicolon() {
      StringBuilder value = new StringBuilder();
      while (at < text.length() && text.charAt(at) != ';') {
        if (text.charAt(at) == '(') {
          comment();
        } else {
          value.append(text.charAt(at++));
        }
      }
      return value.toString().strip();
    }

    String name() {
      int start = at;
      while (at < text.length() && "=; \t".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      return text.substring(start, at);
    }

    /** Skips white space and then the character, if it is there. */
    boolean skip(char wanted) {
      while (at < text.length() && isSpace(text.charAt(at))) {
        at++;
      }
      if (at < text.length() && text.charAt(at) == wanted) {
        at++;
        return true;
      }
      return false;
    }

    String value() {
      if (skip('"')) {
        return quoted();
      }
      int start = at;
      while (at < text.length() && text.charAt(at) != ';') {
        at++;
      }
      String value = text.substring(start, at).strip();
      // A comment after the value goes (RFC 2045 §5.1); brackets inside a file name stay.
      int comment = value.indexOf(" (");
      return comment > 0 && value.endsWith(")") ? value.substring(0, comment).strip() : value;
    }

    private String quoted() {
      StringBuilder value = new StringBuilder();
      while (at < text.length()) {
        char next = text.charAt(at++);
        if (next == '"') {
          break;
        }
        if (next == '\\' && at < text.length()) {
          next = text.charAt(at++);
        }
        value.append(next);
      }
      return value.toString();
    }

    private static boolean isSpace(char next) {
      return next == ' ' || next == '\t';
    }
  }

  /** The raw value of a parameter, extended or not; empty if it is absent. */
  String parameter(String name) {
    for (MimeParameter parameter : parameters) {
      if (parameter.name().equals(name)) {
        return parameter.value();
      }
    }
    for (MimeParameter parameter : parameters) {
      if (parameter.name().length() == name.length() + 1 && parameter.name().startsWith(name)) {
        return ParameterText.octets(parameter.value());
      }
    }
    return "";
  }
}
