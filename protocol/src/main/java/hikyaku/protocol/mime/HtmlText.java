package hikyaku.protocol.mime;

import java.util.Locale;
import java.util.Map;

/** The readable text of HTML, near enough for a preview. Any text is taken; the time is linear. */
final class HtmlText {
  private static final Map<String, String> ENTITIES =
      Map.ofEntries(
          Map.entry("amp", "&"),
          Map.entry("lt", "<"),
          Map.entry("gt", ">"),
          Map.entry("quot", "\""),
          Map.entry("apos", "'"),
          Map.entry("nbsp", " "),
          Map.entry("zwnj", ""),
          Map.entry("zwj", ""),
          Map.entry("shy", ""),
          Map.entry("copy", "\u00a9"),
          Map.entry("reg", "\u00ae"),
          Map.entry("euro", "\u20ac"),
          Map.entry("hellip", "\u2026"),
          Map.entry("ndash", "\u2013"),
          Map.entry("mdash", "\u2014"),
          Map.entry("lsquo", "\u2018"),
          Map.entry("rsquo", "\u2019"),
          Map.entry("ldquo", "\u201c"),
          Map.entry("rdquo", "\u201d"),
          Map.entry("laquo", "\u00ab"),
          Map.entry("raquo", "\u00bb"),
          Map.entry("auml", "\u00e4"),
          Map.entry("ouml", "\u00f6"),
          Map.entry("uuml", "\u00fc"),
          Map.entry("Auml", "\u00c4"),
          Map.entry("Ouml", "\u00d6"),
          Map.entry("Uuml", "\u00dc"),
          Map.entry("szlig", "\u00df"),
          Map.entry("eacute", "\u00e9"),
          Map.entry("egrave", "\u00e8"),
          Map.entry("agrave", "\u00e0"),
          Map.entry("ccedil", "\u00e7"));
  private static final int LONGEST_ENTITY = 10;

  private final String html;
  private final StringBuilder text = new StringBuilder();
  private int at;

  private HtmlText(String html) {
    this.html = html;
  }

  static String of(String html) {
    return new HtmlText(html).strip();
  }

  private String strip() {
    while (at < html.length()) {
      char next = html.charAt(at);
      if (next == '<' && opensTag()) {
        tag();
      } else if (next == '&') {
        entity();
      } else {
        text.append(next);
        at++;
      }
    }
    return text.toString();
  }

  private boolean opensTag() {
    char next = at + 1 < html.length() ? html.charAt(at + 1) : '!';
    return next == '!'
        || next == '/'
        || next == '?'
        || (next >= 'a' && next <= 'z')
        || (next >= 'A' && next <= 'Z');
  }

  private void tag() {
    if (html.startsWith("<!--", at)) {
      skipBeyond("-->");
      return;
    }
    at++;
    boolean closes = at < html.length() && html.charAt(at) == '/';
    if (closes) {
      at++;
    }
    int start = at;
    while (at < html.length() && Character.isLetterOrDigit(html.charAt(at))) {
      at++;
    }
    String name = html.substring(start, Math.min(at, start + 16)).toLowerCase(Locale.ROOT);
    skipBeyond(">");
    switch (name) {
      case "style", "script", "title" -> {
        if (!closes) {
          at = indexOfIgnoringCase("</" + name);
        }
      }
      case "b", "i", "u", "em", "strong", "span", "font", "a", "wbr", "sup", "sub", "small" -> {}
      default -> text.append(' ');
    }
  }

  private void skipBeyond(String end) {
    int found = html.indexOf(end, at);
    at = found < 0 ? html.length() : found + end.length();
  }

  private int indexOfIgnoringCase(String wanted) {
    for (int start = at; start + wanted.length() <= html.length(); start++) {
      if (html.regionMatches(true, start, wanted, 0, wanted.length())) {
        return start;
      }
    }
    return html.length();
  }

  private void entity() {
    int semicolon = -1;
    for (int end = at + 1; end < html.length() && end <= at + LONGEST_ENTITY; end++) {
      if (html.charAt(end) == ';') {
        semicolon = end;
        break;
      }
    }
    String name = semicolon < 0 ? "" : html.substring(at + 1, semicolon);
    String known = name.startsWith("#") ? numbered(name.substring(1)) : ENTITIES.get(name);
    if (known == null) {
      text.append('&');
      at++;
    } else {
      text.append(known);
      at = semicolon + 1;
    }
  }

  private static String numbered(String number) {
    boolean hexadecimal = number.startsWith("x") || number.startsWith("X");
    try {
      int codePoint =
          hexadecimal ? Integer.parseInt(number, 1, number.length(), 16) : Integer.parseInt(number);
      boolean scalar =
          Character.isValidCodePoint(codePoint)
              && (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE);
      return scalar ? Character.toString(codePoint) : "\ufffd";
    } catch (NumberFormatException notANumber) {
      return "\ufffd";
    }
  }
}
