package hikyaku.server.origin;

import hikyaku.server.dns.DnsException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;

/** Text with macros in it (RFC 7208 §7). */
record MacroString(List<Part> parts) {
  /** What an expansion may come to before it is taken for an attack; a name has at most 253. */
  private static final int LONGEST = 4_096;

  private static final int LONGEST_NAME = 253;

  /** Characters of an explanation: those of one line of a reply (RFC 5321 §4.5.3.1.5). */
  private static final int LONGEST_EXPLANATION = 400;

  private static final int LONGEST_LABEL = 63;
  private static final String DELIMITERS = ".-+,/_=";
  private static final String LETTERS = "slodiphv";
  private static final String LETTERS_OF_EXPLANATIONS = "crt";

  /** RFC 7208 §7.1, toplabel: not all digits, no hyphen at either end. */
  private static final Pattern TOP_LABEL =
      Pattern.compile("[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9-]*[A-Za-z0-9]");

  sealed interface Part {}

  record Literal(String text) implements Part {}

  /**
   * @param keep how many of the right-hand parts stay; 0 for all
   */
  record Macro(char letter, boolean escaped, int keep, boolean reversed, String delimiters)
      implements Part {}

  /** What the letters stand for. */
  @FunctionalInterface
  interface Values {
    String value(char letter) throws DnsException;
  }

  /** Any macro-string. */
  static MacroString parse(String text, boolean explanation) throws BadRecordException {
    return new MacroString(new Parser(text, explanation, false).parse());
  }

  /** An explain-string, which may have spaces (RFC 7208 §7.1). */
  static MacroString explanation(String text) throws BadRecordException {
    return new MacroString(new Parser(text, true, true).parse());
  }

  /** A domain-spec, which ends as a name does, or with a macro. */
  static MacroString domainSpec(String text) throws BadRecordException {
    List<Part> parts = new Parser(text, false, false).parse();
    if (parts.isEmpty()) {
      throw new BadRecordException("no name");
    }
    if (parts.getLast() instanceof Literal(String literal)) {
      String name = literal.endsWith(".") ? literal.substring(0, literal.length() - 1) : literal;
      int dot = name.lastIndexOf('.');
      if (text.endsWith("%%")
          || text.endsWith("%_")
          || text.endsWith("%-")
          || dot < 0
          || !isTopLabel(name.substring(dot + 1))) {
        throw new BadRecordException("no name");
      }
    }
    return new MacroString(parts);
  }

  private static boolean isTopLabel(String label) {
    return label.length() <= LONGEST_LABEL && TOP_LABEL.matcher(label).matches();
  }

  /** The text that it stands for, cut from the left to what a name may be (RFC 7208 §7.3). */
  String name(Values values) throws BadRecordException, DnsException {
    String name = expanded(values);
    while (name.length() > LONGEST_NAME && name.indexOf('.') >= 0) {
      name = name.substring(name.indexOf('.') + 1);
    }
    return name;
  }

  /**
   * The text that it stands for in a reply, as much of it as a line has room for.
   *
   * @throws BadRecordException if it is more than visible ASCII and spaces (RFC 7208 §6.2)
   */
  String text(Values values) throws BadRecordException, DnsException {
    String text = expanded(values).strip();
    if (!text.chars().allMatch(c -> c >= ' ' && c < 127)) {
      throw new BadRecordException("an explanation with more than ASCII");
    }
    return text.substring(0, Math.min(LONGEST_EXPLANATION, text.length()));
  }

  private String expanded(Values values) throws BadRecordException, DnsException {
    StringBuilder out = new StringBuilder();
    for (Part part : parts) {
      switch (part) {
        case Literal(String text) -> out.append(text);
        case Macro macro -> out.append(expanded(macro, values.value(macro.letter)));
      }
      if (out.length() > LONGEST) {
        throw new BadRecordException("a macro makes too long a name");
      }
    }
    return out.toString();
  }

  private static String expanded(Macro macro, String value) {
    List<String> parts = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= value.length(); i++) {
      if (i == value.length() || macro.delimiters.indexOf(value.charAt(i)) >= 0) {
        parts.add(value.substring(start, i));
        start = i + 1;
      }
    }
    if (macro.reversed) {
      Collections.reverse(parts);
    }
    int from = macro.keep == 0 ? 0 : Math.max(0, parts.size() - macro.keep);
    String joined = String.join(".", parts.subList(from, parts.size()));
    return macro.escaped ? escaped(joined) : joined;
  }

  /** RFC 3986 §2.3: what is not unreserved is escaped. */
  private static String escaped(String text) {
    StringBuilder out = new StringBuilder();
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      if (Text.isAlpha(octet) || Text.isDigit(octet) || "-._~".indexOf(octet) >= 0) {
        out.append((char) octet);
      } else {
        out.append(String.format("%%%02X", octet & 0xff));
      }
    }
    return out.toString();
  }

  private static final class Parser {
    private final String text;
    private final boolean explanation;
    private final boolean spaces;
    private final List<Part> parts = new ArrayList<>();
    private final StringBuilder literal = new StringBuilder();
    private int at;

    Parser(String text, boolean explanation, boolean spaces) {
      this.text = text;
      this.explanation = explanation;
      this.spaces = spaces;
    }

    List<Part> parse() throws BadRecordException {
      while (at < text.length()) {
        char c = text.charAt(at++);
        if (c == '%') {
          percent();
        } else if ((c > ' ' && c < 127) || (c == ' ' && spaces)) {
          literal.append(c);
        } else {
          throw new BadRecordException("a character that may not be there");
        }
      }
      endLiteral();
      return List.copyOf(parts);
    }

    private void percent() throws BadRecordException {
      switch (next()) {
        case '%' -> literal.append('%');
        case '_' -> literal.append(' ');
        case '-' -> literal.append("%20");
        case '{' -> macro();
        default -> throw bad();
      }
    }

    private void macro() throws BadRecordException {
      endLiteral();
      char letter = next();
      char lower = Text.lower(String.valueOf(letter)).charAt(0);
      String allowed = explanation ? LETTERS + LETTERS_OF_EXPLANATIONS : LETTERS;
      if (allowed.indexOf(lower) < 0) {
        throw bad();
      }
      int start = at;
      while (at < text.length() && Text.isDigit(text.charAt(at))) {
        at++;
      }
      int keep = 0;
      if (at > start) {
        // Of more than a name can have, all stay.
        keep = at - start > 3 ? LONGEST_NAME : Integer.parseInt(text.substring(start, at));
        if (keep == 0) {
          throw bad();
        }
      }
      char c = next();
      boolean reversed = c == 'r' || c == 'R';
      c = reversed ? next() : c;
      StringBuilder delimiters = new StringBuilder();
      while (DELIMITERS.indexOf(c) >= 0) {
        delimiters.append(c);
        c = next();
      }
      if (c != '}') {
        throw bad();
      }
      parts.add(
          new Macro(
              lower,
              letter != lower,
              keep,
              reversed,
              delimiters.isEmpty() ? "." : delimiters.toString()));
    }

    private char next() throws BadRecordException {
      if (at >= text.length()) {
        throw bad();
      }
      return text.charAt(at++);
    }

    private void endLiteral() {
      if (!literal.isEmpty()) {
        parts.add(new Literal(literal.toString()));
        literal.setLength(0);
      }
    }

    private static BadRecordException bad() {
      return new BadRecordException("a macro that does not exist");
    }
  }

  /** The letters of an address, for {@code %{i}} (RFC 7208 §7.3): nibbles if it is of IPv6. */
  static String dotted(byte[] address) {
    if (address.length == 4) {
      return (address[0] & 0xff)
          + "."
          + (address[1] & 0xff)
          + "."
          + (address[2] & 0xff)
          + "."
          + (address[3] & 0xff);
    }
    char[] nibbles = new char[address.length * 4 - 1];
    Arrays.fill(nibbles, '.');
    for (int i = 0; i < address.length; i++) {
      nibbles[i * 4] = Character.forDigit((address[i] >> 4) & 0xf, 16);
      nibbles[i * 4 + 2] = Character.forDigit(address[i] & 0xf, 16);
    }
    return new String(nibbles);
  }

  /** An address as people read it, for {@code %{c}} (RFC 5952 §4). */
  static String readable(byte[] address) {
    if (address.length == 4) {
      return dotted(address);
    }
    List<String> groups = new ArrayList<>();
    for (int i = 0; i < address.length; i += 2) {
      groups.add(Integer.toHexString((address[i] & 0xff) << Byte.SIZE | (address[i + 1] & 0xff)));
    }
    int start = 0;
    int length = 1;
    for (int from = 0; from < groups.size(); from++) {
      int to = from;
      while (to < groups.size() && groups.get(to).equals("0")) {
        to++;
      }
      if (to - from > length) {
        start = from;
        length = to - from;
      }
    }
    return length == 1
        ? String.join(":", groups)
        : String.join(":", groups.subList(0, start))
            + "::"
            + String.join(":", groups.subList(start + length, groups.size()));
  }
}
