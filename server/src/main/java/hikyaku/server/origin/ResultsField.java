package hikyaku.server.origin;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Authentication-Results fields (RFC 8601 §2.2), others' and ours. */
final class ResultsField {
  static final String NAME = "Authentication-Results";
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._-]+");

  private ResultsField() {}

  /**
   * What one way of checking came to.
   *
   * @param comment of ours; empty for none
   * @param properties such as {@code header.d}, each with its value
   */
  record Method(String name, String result, String comment, List<Property> properties) {
    static Method of(String name, String result, String comment, String... properties) {
      List<Property> pairs = new ArrayList<>();
      for (int i = 0; i < properties.length; i += 2) {
        pairs.add(new Property(properties[i], properties[i + 1]));
      }
      return new Method(name, result, comment, List.copyOf(pairs));
    }

    /** For logs. */
    String brief() {
      return name + "=" + result;
    }
  }

  record Property(String name, String value) {}

  /** The field with its last line ending. */
  static String write(String authServId, List<Method> methods) {
    StringBuilder out = new StringBuilder(NAME).append(": ").append(authServId);
    if (methods.isEmpty()) {
      out.append("; none");
    }
    for (Method method : methods) {
      out.append(";\r\n\t").append(method.name).append('=').append(method.result);
      if (!method.comment.isEmpty()) {
        out.append(" (").append(method.comment).append(')');
      }
      for (Property property : method.properties) {
        out.append(' ').append(property.name).append('=').append(value(property.value));
      }
    }
    return out.append("\r\n").toString();
  }

  /** A value where it cannot break out of its place. */
  private static String value(String value) {
    if (TOKEN.matcher(value).matches()) {
      return value;
    }
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else {
        out.append(c < ' ' || c > '~' ? '?' : c);
      }
    }
    return out.append('"').toString();
  }

  /** Who says to have checked; empty if that cannot be made out. */
  static String authServId(String value) {
    String plain = plain(value);
    int semicolon = plain.indexOf(';');
    String first = Text.trim(semicolon < 0 ? plain : plain.substring(0, semicolon));
    int end = 0;
    while (end < first.length() && !Text.isSpace(first.charAt(end))) {
      end++;
    }
    return first.substring(0, end);
  }

  /**
   * Whether a method has a result.
   *
   * @param value of a field, the identifier of who checked included
   */
  static boolean says(String value, String method, String result) {
    for (String part : plain(value).split(";")) {
      int equals = part.indexOf('=');
      if (equals > 0 && Text.trim(part.substring(0, equals)).equalsIgnoreCase(method)) {
        String rest = Text.trim(part.substring(equals + 1));
        boolean same = rest.regionMatches(true, 0, result, 0, result.length());
        if (same
            && (rest.length() == result.length() || Text.isSpace(rest.charAt(result.length())))) {
          return true;
        }
      }
    }
    return false;
  }

  /** A value without comments, and with what is quoted as one word each. */
  private static String plain(String value) {
    StringBuilder out = new StringBuilder(value.length());
    int depth = 0;
    boolean quoted = false;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '\\' && (quoted || depth > 0)) {
        i++;
        if (quoted && i < value.length()) {
          out.append(word(value.charAt(i)));
        }
      } else if (quoted) {
        quoted = c != '"';
        if (quoted) {
          out.append(word(c));
        }
      } else if (c == '(') {
        depth++;
        out.append(' ');
      } else if (depth > 0) {
        depth -= c == ')' ? 1 : 0;
      } else if (c == '"') {
        quoted = true;
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private static char word(char c) {
    return c == ';' || c == '=' || Text.isSpace(c) ? '_' : c;
  }
}
