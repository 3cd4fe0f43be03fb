package hikyaku.protocol.address;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the addresses of a header field whatever state they are in (RFC 5322 §3.4 and §4.4, RFC
 * 6532): obsolete routes and white space, comments anywhere, groups, semicolons for commas, missing
 * brackets, unended quotes and comments, encoded-words with commas in them, 8-bit octets.
 */
public final class AddressListParser {
  /** An encoded-word is at most 75 octets (RFC 2047 §2); some senders do not count. */
  private static final int LONGEST_WORD = 1000;

  private final String text;
  private final int limit;
  private final boolean literally;
  private final List<EnvelopeAddress> addresses = new ArrayList<>();
  private int at;
  private boolean inGroup;
  private boolean quotesEnd = true; // false once a quote was found that nothing ends
  private boolean commentsEnd = true;
  private Element element = new Element();

  private AddressListParser(String text, int limit, boolean literally) {
    this.text = text;
    this.limit = limit;
    this.literally = literally;
  }

  /**
   * Reads an unfolded field value.
   *
   * @param text octets, one per char
   * @param limit the most entries wanted, group markers counted; an open group is closed within it
   */
  public static List<EnvelopeAddress> parse(String text, int limit) {
    return new AddressListParser(text, limit, false).parse();
  }

  /**
   * Reads it as who knows nothing of encoded-words, whose special characters then divide as they do
   * anywhere (RFC 2047 §5 (3) forbids them there), and of backslashes outside of quotes and
   * comments, where RFC 5322 has none.
   *
   * @param text octets, one per char
   * @param limit as in {@link #parse(String, int)}
   */
  public static List<EnvelopeAddress> parseLiterally(String text, int limit) {
    return new AddressListParser(text, limit, true).parse();
  }

  private List<EnvelopeAddress> parse() {
    while (at < text.length() && room()) {
      char next = text.charAt(at);
      switch (next) {
        case '"' -> quote();
        case '(' -> comment();
        case '<' -> angle();
        case ',' -> {
          at++;
          endElement();
        }
        case ';' -> {
          at++;
          endElement();
          endGroup();
        }
        case ':' -> colon();
        case ' ', '\t', '\r', '\n' -> {
          at++;
          element.space();
        }
        case '\\' -> escaped();
        case '[' -> literal();
        case '=' -> encodedWord();
        default -> {
          at++;
          element.add(next, true);
        }
      }
    }
    endElement();
    endGroup();
    return addresses;
  }

  /** Whether one more entry can be added and an open group still be closed. */
  private boolean room() {
    return addresses.size() + (inGroup ? 1 : 0) < limit;
  }

  private void quote() {
    StringBuilder quoted = new StringBuilder();
    int end = at + 1;
    while (quotesEnd && end < text.length() && text.charAt(end) != '"') {
      if (text.charAt(end) == '\\' && end + 1 < text.length()) {
        end++;
      }
      quoted.append(text.charAt(end++));
    }
    if (!quotesEnd || end >= text.length()) {
      quotesEnd = false;
      at++; // a quote that nothing ends is passed over
      return;
    }
    at = end + 1;
    element.quoted(quoted);
  }

  private void comment() {
    StringBuilder comment = new StringBuilder();
    int depth = 1;
    int end = at + 1;
    while (commentsEnd && end < text.length()) {
      char next = text.charAt(end++);
      if (next == '\\' && end < text.length()) {
        next = text.charAt(end++);
      } else if (next == '(') {
        depth++;
      } else if (next == ')' && --depth == 0) {
        break;
      }
      comment.append(next);
    }
    if (!commentsEnd || depth > 0) {
      commentsEnd = false;
      element.add('(', false);
      at++;
      return;
    }
    at = end;
    element.space();
    element.comment = comment.toString().strip();
  }

  /** A domain literal is one atom: colons and commas in it divide nothing. */
  private void literal() {
    int end = at + 1;
    while (end < text.length() && end - at < 256 && "[]<>\", \t".indexOf(text.charAt(end)) < 0) {
      end++;
    }
    boolean ended = end < text.length() && text.charAt(end) == ']';
    int stop = ended ? end + 1 : at + 1;
    while (at < stop) {
      element.add(text.charAt(at++), false);
    }
  }

  /** An encoded-word is one atom, whatever stands in it (RFC 2047 §5). */
  private void encodedWord() {
    int stop = at + 1;
    if (!literally && text.startsWith("=?", at)) {
      int questions = 0;
      int end = at + 2;
      while (end < text.length() && end - at < LONGEST_WORD && text.charAt(end) > ' ') {
        if (text.charAt(end) == '?') {
          questions++;
          if (questions == 3) {
            break;
          }
        }
        end++;
      }
      if (questions == 3 && text.startsWith("?=", end)) {
        stop = end + 2;
      }
    }
    while (at < stop) {
      element.add(text.charAt(at++), false);
    }
  }

  private void colon() {
    at++;
    if (inGroup || element.hasAt() || element.angle != null) {
      element.add(':', true);
      return;
    }
    if (addresses.size() + 2 > limit) {
      at = text.length(); // no room for a group's two markers
      element = new Element();
      return;
    }
    addresses.add(EnvelopeAddress.groupStart(element.phrase()));
    element = new Element();
    inGroup = true;
  }

  private void endGroup() {
    if (inGroup) {
      addresses.add(EnvelopeAddress.groupEnd());
      inGroup = false;
    }
  }

  private void endElement() {
    if (!element.isEmpty() && room()) {
      addresses.add(element.address());
    }
    element = new Element();
  }

  private void angle() {
    if (element.angle != null) {
      endElement(); // the comma between two addresses is missing
      if (!room()) {
        return;
      }
    }
    at++;
    Element outer = element;
    StringBuilder route = new StringBuilder();
    element = new Element();
    while (at < text.length() && !angleEnds(route)) {
      insideAngle(route);
    }
    outer.angle = element;
    outer.route = route.isEmpty() ? null : route.toString();
    element = outer;
  }

  /** Whether the angle-addr ends here: at its bracket, or where this one must be missing. */
  private boolean angleEnds(CharSequence route) {
    return switch (text.charAt(at)) {
      case '>' -> {
        at++;
        yield true;
      }
      case '<' -> !element.isEmpty();
      case ',' -> route.isEmpty() && !element.startsWithAt();
      default -> false;
    };
  }

  private void insideAngle(StringBuilder route) {
    char next = text.charAt(at);
    switch (next) {
      case '"' -> quote();
      case '(' -> comment();
      case '[' -> literal();
      case '<', ' ', '\t' -> at++;
      case '\\' -> escaped();
      case ':', ',' -> {
        at++;
        if (next == ',' ? element.startsWithAt() : isRoute(route)) {
          // obs-route (RFC 5322 §4.4)
          route.append(element.text).append(next == ',' ? "," : "");
          element = new Element();
        } else {
          element.add(next, true);
        }
      }
      default -> {
        at++;
        element.add(next, true);
      }
    }
  }

  private boolean isRoute(CharSequence route) {
    return element.startsWithAt() || !route.isEmpty();
  }

  private void escaped() {
    if (literally) {
      element.add(text.charAt(at++), false);
      return;
    }
    at++;
    if (at < text.length()) {
      element.add(text.charAt(at++), false);
    }
  }

  /** What was found between two commas. */
  private static final class Element {
    private final StringBuilder text = new StringBuilder();
    private boolean anything;
    private boolean spacePending;
    private boolean quotedLast;

    /** Where in the text the last unquoted at sign is, and the word that has it. */
    private int lastAt = -1;

    private int wordStart;
    private int atWordStart;
    private int atWordEnd = -1;
    private @Nullable String comment;
    private @Nullable Element angle;
    private @Nullable String route;

    boolean isEmpty() {
      return !anything && angle == null;
    }

    boolean hasAt() {
      return lastAt >= 0;
    }

    boolean startsWithAt() {
      return !text.isEmpty() && text.charAt(0) == '@';
    }

    void space() {
      spacePending = true;
    }

    void add(char next, boolean special) {
      boolean sign = special && next == '@';
      beforeNext(sign || (special && next == '.'));
      if (sign) {
        lastAt = text.length();
        atWordStart = wordStart;
        atWordEnd = -1;
      }
      text.append(next);
      quotedLast = false;
    }

    void quoted(CharSequence quoted) {
      beforeNext(false);
      text.append(quoted);
      quotedLast = true;
    }

    /** White space divides words, but not about dots and at signs (RFC 5322 §4.4). */
    private void beforeNext(boolean joins) {
      anything = true;
      if (spacePending && !text.isEmpty()) {
        char last = text.charAt(text.length() - 1);
        boolean joined = joins || (!quotedLast && (last == '.' && hasAt() || last == '@'));
        if (!joined) {
          if (hasAt() && atWordEnd < 0) {
            atWordEnd = text.length();
          }
          text.append(' ');
          wordStart = text.length();
        }
      }
      spacePending = false;
    }

    String phrase() {
      return text.toString().strip();
    }

    EnvelopeAddress address() {
      Element spec = angle;
      if (spec != null) {
        String name = phrase();
        return new EnvelopeAddress(
            name.isEmpty() ? emptyToNull(comment) : name,
            route,
            spec.local(0),
            spec.host(spec.text.length()));
      }
      if (!hasAt()) {
        return new EnvelopeAddress(emptyToNull(comment), null, phrase(), "");
      }
      int end = atWordEnd < 0 ? text.length() : atWordEnd;
      String words = text.substring(0, atWordStart).strip();
      return new EnvelopeAddress(
          words.isEmpty() ? emptyToNull(comment) : words, null, local(atWordStart), host(end));
    }

    private String local(int start) {
      return text.substring(start, lastAt < 0 ? text.length() : lastAt).strip();
    }

    private String host(int end) {
      return lastAt < 0 ? "" : text.substring(lastAt + 1, end).strip();
    }

    private static @Nullable String emptyToNull(@Nullable String text) {
      return text == null || text.isEmpty() ? null : text;
    }
  }
}
