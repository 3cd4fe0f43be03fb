package hikyaku.protocol.address;

import java.util.ArrayList;
import java.util.List;

/**
 * Whether the value of From or Sender is what all read alike: a list by the grammar (RFC 5322 §3.4
 * and §4.4, RFC 6532; groups by RFC 6854), but for routes, which are none here. Where it is not,
 * programs differ in what they take for the address.
 */
public final class AddressSyntax {
  private static final String SPECIALS = "()<>[]:;@\\,.\"";
  private static final String SPACE = " \t\r\n";

  private final String text;
  private int at;

  private AddressSyntax(String text) {
    this.text = text;
  }

  /**
   * Whether it is a list of mailboxes and groups, of none too.
   *
   * @param text an unfolded field value: octets, one per char
   */
  public static boolean isList(String text) {
    AddressSyntax syntax = new AddressSyntax(text);
    return syntax.list(false) && syntax.at == text.length();
  }

  /**
   * All that looks like an address, in quotes, comments and names too.
   *
   * @param text an unfolded field value: octets, one per char
   * @return with an empty mailbox or host where there is none that can be told
   */
  public static List<EnvelopeAddress> looksLike(String text) {
    List<EnvelopeAddress> found = new ArrayList<>();
    for (int sign = text.indexOf('@'); sign >= 0; sign = text.indexOf('@', sign + 1)) {
      int end = sign;
      while (end > 0 && isSpace(text.charAt(end - 1))) {
        end--;
      }
      int start = end;
      while (start > 0 && isDotText(text.charAt(start - 1))) {
        start--;
      }
      int from = sign + 1;
      while (from < text.length() && isSpace(text.charAt(from))) {
        from++;
      }
      int to = from;
      while (to < text.length() && isDotText(text.charAt(to))) {
        to++;
      }
      found.add(
          new EnvelopeAddress(null, null, text.substring(start, end), text.substring(from, to)));
    }
    return found;
  }

  /** mailbox-list, obs-mbox-list, group-list. */
  private boolean list(boolean inGroup) {
    while (space()) {
      if (isEnd(inGroup)) {
        return true;
      }
      if (next() == ',') {
        at++;
      } else if (!address(inGroup) || !space() || !(next() == ',' || isEnd(inGroup))) {
        return false;
      }
    }
    return false;
  }

  private boolean isEnd(boolean inGroup) {
    return at == text.length() || (inGroup && next() == ';');
  }

  /** mailbox, or group: what of both begins alike is told by what ends it. */
  private boolean address(boolean inGroup) {
    int words = 0;
    boolean localPart = true;
    boolean afterWord = false;
    while (space()) {
      if (next() == '.') {
        localPart &= afterWord;
        afterWord = false;
        at++;
      } else if (isText(next()) || next() == '"') {
        if (!word()) {
          return false;
        }
        localPart &= !afterWord;
        afterWord = true;
        words++;
      } else {
        return switch (next()) {
          case '<' -> angle();
          case '@' -> localPart && afterWord && domain();
          case ':' -> words > 0 && !inGroup && group();
          default -> false;
        };
      }
    }
    return false;
  }

  private boolean group() {
    at++;
    return list(true) && ends(';');
  }

  private boolean angle() {
    at++;
    boolean more;
    do {
      if (!space() || !word() || !space()) {
        return false;
      }
      more = next() == '.';
      at += more ? 1 : 0;
    } while (more);
    return next() == '@' && domain() && space() && ends('>');
  }

  private boolean domain() {
    at++;
    if (!space()) {
      return false;
    }
    if (next() == '[') {
      at++;
      while (at < text.length() && "[]\\".indexOf(next()) < 0) {
        at++;
      }
      return ends(']');
    }
    while (isText(next())) {
      atom();
      int before = at;
      if (!space()) {
        return false;
      }
      if (next() != '.') {
        at = before;
        return true;
      }
      at++;
      if (!space()) {
        return false;
      }
    }
    return false;
  }

  private boolean word() {
    if (next() != '"') {
      return atom();
    }
    for (at++; at < text.length() && next() != '"'; at++) {
      at += next() == '\\' ? 1 : 0;
    }
    return ends('"');
  }

  private boolean atom() {
    int start = at;
    while (isText(next())) {
      at++;
    }
    return at > start;
  }

  /** White space and comments; false if one of these does not end. */
  private boolean space() {
    int depth = 0;
    for (; at < text.length(); at++) {
      switch (next()) {
        case '(' -> depth++;
        case ')' -> {
          if (depth == 0) {
            return true;
          }
          depth--;
        }
        case '\\' -> {
          if (depth == 0) {
            return true;
          }
          at++;
        }
        default -> {
          if (depth == 0 && !isSpace(next())) {
            return true;
          }
        }
      }
    }
    at = Math.min(at, text.length());
    return depth == 0;
  }

  private boolean ends(char with) {
    boolean ended = next() == with;
    at += ended ? 1 : 0;
    return ended;
  }

  /** NUL, which is in no part of the grammar, at the end. */
  private char next() {
    return at < text.length() ? text.charAt(at) : 0;
  }

  private static boolean isSpace(char octet) {
    return SPACE.indexOf(octet) >= 0;
  }

  private static boolean isText(char octet) {
    return octet > ' ' && octet != 0x7f && SPECIALS.indexOf(octet) < 0;
  }

  private static boolean isDotText(char octet) {
    return isText(octet) || octet == '.';
  }
}
