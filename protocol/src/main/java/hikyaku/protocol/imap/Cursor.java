package hikyaku.protocol.imap;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A place in the octets of one command, with the rules that all commands share (RFC 9051 §9).
 * Methods named after a rule try it and give null without moving when it is not there; those that
 * begin with {@code expect} insist.
 */
final class Cursor {
  private static final long MAX_NUMBER = 0xFFFF_FFFFL;

  /** RFC 8474 §7. */
  private static final int LONGEST_OBJECT_ID = 255;

  private final byte[] octets;
  private final int start;
  private final int end;
  private final ImapLimits limits;
  private final boolean utf8;
  private int at;

  /**
   * @param utf8 whether mailbox names are UTF-8 instead of modified UTF-7
   */
  Cursor(byte[] octets, int start, int end, ImapLimits limits, boolean utf8) {
    this.octets = octets;
    this.start = start;
    this.at = start;
    this.end = end;
    this.limits = limits;
    this.utf8 = utf8;
  }

  ImapLimits limits() {
    return limits;
  }

  /**
   * All that is read here, for a command that is to be read again.
   *
   * @throws SyntaxException if it is longer than a command may be that is remembered
   */
  Remembered remembered() throws SyntaxException {
    if (end - start > limits.remembered()) {
      throw SyntaxException.limit("Too long to be remembered");
    }
    String all = new String(octets, start, end - start, StandardCharsets.ISO_8859_1);
    return new Remembered(all, utf8);
  }

  /** The same; null if it is too long. */
  @Nullable Remembered rememberedIfShort() {
    try {
      return remembered();
    } catch (SyntaxException e) {
      return null;
    }
  }

  int position() {
    return at;
  }

  /** Goes back to a place it was at. */
  void back(int position) {
    at = position;
  }

  boolean atEnd() {
    return at == end;
  }

  /** The octet here, or -1 at the end. */
  int peek() {
    return at < end ? octets[at] & 0xFF : -1;
  }

  /** Tries one octet. */
  boolean take(char octet) {
    if (peek() == octet) {
      at++;
      return true;
    }
    return false;
  }

  void expect(char octet) throws SyntaxException {
    if (!take(octet)) {
      throw SyntaxException.bad("Expected '" + octet + "'" + here());
    }
  }

  void expectSp() throws SyntaxException {
    if (!take(' ')) {
      throw SyntaxException.bad(atEnd() ? "Missing argument" : "Expected a space" + here());
    }
  }

  /** Trailing spaces are nobody's harm; anything else behind a command is. */
  void expectEnd() throws SyntaxException {
    int mark = at;
    while (take(' ')) {
      // skipped
    }
    if (!atEnd()) {
      at = mark;
      throw SyntaxException.bad("Unexpected text" + here());
    }
  }

  /** Whether nothing but spaces is left. */
  boolean isOver() {
    for (int i = at; i < end; i++) {
      if (octets[i] != ' ') {
        return false;
      }
    }
    return true;
  }

  /** Passes over what cannot be read. */
  void skipToEnd() {
    at = end;
  }

  /** Where the reader stands, for error texts. */
  String here() {
    return atEnd() ? " at the end of the command" : " at octet " + (at + 1);
  }

  /** Tries a word in any case that no further letter of an atom follows. */
  boolean word(String upper) {
    int mark = at;
    if (prefix(upper) && !isAtomChar(peek())) {
      return true;
    }
    at = mark;
    return false;
  }

  /** Tries a beginning in any case. */
  boolean prefix(String upper) {
    if (end - at < upper.length()) {
      return false;
    }
    for (int i = 0; i < upper.length(); i++) {
      int octet = octets[at + i];
      if (octet >= 'a' && octet <= 'z') {
        octet -= 'a' - 'A';
      }
      if (octet != upper.charAt(i)) {
        return false;
      }
    }
    at += upper.length();
    return true;
  }

  // -- atoms and strings

  private static final boolean[] ATOM_SPECIAL = new boolean[256];

  static {
    Arrays.fill(ATOM_SPECIAL, 0, ' ' + 1, true);
    Arrays.fill(ATOM_SPECIAL, 0x7F, 256, true);
    for (char special : new char[] {'(', ')', '{', '%', '*', '"', '\\', ']'}) {
      ATOM_SPECIAL[special] = true;
    }
  }

  static boolean isAtomChar(int octet) {
    return octet >= 0 && !ATOM_SPECIAL[octet];
  }

  static boolean isAstringChar(int octet) {
    return isAtomChar(octet) || octet == ']';
  }

  private String slice(int from) {
    return new String(octets, from, at - from, StandardCharsets.ISO_8859_1);
  }

  /** Tries {@code atom}. */
  @Nullable String atom() {
    int mark = at;
    while (isAtomChar(peek())) {
      at++;
    }
    return at == mark ? null : slice(mark);
  }

  String expectAtom(String what) throws SyntaxException {
    String atom = atom();
    if (atom == null) {
      throw SyntaxException.bad("Expected " + what + here());
    }
    return atom;
  }

  /** An atom in upper case, for words whose case means nothing. */
  String expectWord(String what) throws SyntaxException {
    return Text.upper(expectAtom(what));
  }

  /** The tag of a command: ASTRING-CHARs without "+". */
  @Nullable String tag() {
    int mark = at;
    while (isAstringChar(peek()) && peek() != '+') {
      at++;
    }
    if (at == mark || at - mark > limits.tag()) {
      at = mark;
      return null;
    }
    return slice(mark);
  }

  /** Tries {@code quoted / literal}; gives octets. */
  @Nullable String string() throws SyntaxException {
    return switch (peek()) {
      case '"' -> quoted();
      case '{' -> literal(false);
      default -> null;
    };
  }

  String expectString(String what) throws SyntaxException {
    String string = string();
    if (string == null) {
      throw SyntaxException.bad("Expected " + what + here());
    }
    return string;
  }

  /** {@code nstring}: null for NIL. */
  @Nullable String expectNstring(String what) throws SyntaxException {
    return word("NIL") ? null : expectString(what);
  }

  /** {@code value} (RFC 5464 §5): octets, or null for NIL. */
  @Nullable String expectValue() throws SyntaxException {
    if (!take('~')) {
      return expectNstring("a value");
    }
    if (peek() != '{') {
      throw SyntaxException.bad("Expected a literal" + here());
    }
    return literal(true);
  }

  /** {@code astring}, as octets. */
  String expectAstring(String what) throws SyntaxException {
    String string = string();
    if (string != null) {
      return string;
    }
    int mark = at;
    while (isAstringChar(peek())) {
      at++;
    }
    if (at == mark) {
      throw SyntaxException.bad("Expected " + what + here());
    }
    return slice(mark);
  }

  /** {@code list-mailbox}, as octets. */
  private String expectListMailbox() throws SyntaxException {
    String string = string();
    if (string != null) {
      return string;
    }
    int mark = at;
    while (isAstringChar(peek()) || peek() == '%' || peek() == '*') {
      at++;
    }
    if (at == mark) {
      throw SyntaxException.bad("Expected a mailbox pattern" + here());
    }
    return slice(mark);
  }

  private String quoted() throws SyntaxException {
    at++;
    StringBuilder text = new StringBuilder();
    while (true) {
      int octet = peek();
      at++;
      switch (octet) {
        case -1, '\r', '\n', 0 -> {
          at--;
          throw SyntaxException.bad("Quoted string without an end");
        }
        case '"' -> {
          return text.toString();
        }
        case '\\' -> {
          int quoted = peek();
          if (quoted != '"' && quoted != '\\') {
            throw SyntaxException.bad("Wrong escape in a quoted string" + here());
          }
          at++;
          text.append((char) quoted);
        }
        default -> text.append((char) octet);
      }
    }
  }

  private String literal(boolean literal8) throws SyntaxException {
    at++;
    long length = expectNumber64();
    take('+');
    if (!take('}') || !take('\r') || !take('\n') || length > end - at) {
      throw SyntaxException.bad("Broken literal" + here());
    }
    int start = at;
    at += (int) length;
    for (int i = start; i < at; i++) {
      if (octets[i] == 0 && !literal8) {
        throw SyntaxException.bad("NUL in a literal");
      }
    }
    return slice(start);
  }

  // -- Unicode texts

  /** A string as UTF-8. */
  String utf8(String octets, String what) throws SyntaxException {
    String text = Text.utf8(octets);
    if (text == null) {
      throw SyntaxException.bad("Not UTF-8: " + what);
    }
    return text;
  }

  /** {@code mailbox}, in Unicode. */
  String expectMailbox() throws SyntaxException {
    return decodedName(expectAstring("a mailbox name"));
  }

  /** {@code list-mailbox}, in Unicode; null if no mailbox can have such a name. */
  @Nullable String expectMailboxPattern() throws SyntaxException {
    String pattern = MailboxNames.decode(expectListMailbox(), utf8);
    return pattern == null || isTooLong(pattern) ? null : pattern;
  }

  private String decodedName(String octets) throws SyntaxException {
    String name = MailboxNames.decode(octets, utf8);
    if (name == null) {
      throw new SyntaxException(
          Reply.no(
              ResponseCode.Plain.CANNOT,
              utf8
                  ? "Mailbox name has control characters or is not UTF-8"
                  : "Mailbox name is not modified UTF-7"));
    }
    if (isTooLong(name)) {
      throw new SyntaxException(Reply.no(ResponseCode.Plain.CANNOT, "Mailbox name is too long"));
    }
    return name;
  }

  private boolean isTooLong(String name) {
    return Text.octets(name).length() > limits.mailboxName();
  }

  /** {@code objectid} (RFC 8474 §7). */
  String expectObjectId() throws SyntaxException {
    int mark = at;
    while (isObjectIdChar(peek())) {
      at++;
    }
    if (at == mark || at - mark > LONGEST_OBJECT_ID) {
      at = mark;
      throw SyntaxException.bad("Expected an object id" + here());
    }
    return slice(mark);
  }

  private static boolean isObjectIdChar(int octet) {
    return octet >= 'a' && octet <= 'z'
        || octet >= 'A' && octet <= 'Z'
        || octet >= '0' && octet <= '9'
        || octet == '_'
        || octet == '-';
  }

  // -- numbers

  /** Tries 1*DIGIT up to {@code max}. */
  private long digits(long max) throws SyntaxException {
    int mark = at;
    long number = 0;
    while (peek() >= '0' && peek() <= '9') {
      int digit = peek() - '0';
      if (number > (max - digit) / 10) {
        throw SyntaxException.bad("Number too large" + here());
      }
      number = 10 * number + digit;
      at++;
    }
    if (at == mark) {
      throw SyntaxException.bad("Expected a number" + here());
    }
    return number;
  }

  long expectNumber() throws SyntaxException {
    return digits(MAX_NUMBER);
  }

  /** {@code partial-range} (RFC 9394 §4). */
  PartialRange expectPartialRange() throws SyntaxException {
    boolean fromEnd = take('-');
    long one = expectNzNumber();
    expect(':');
    if (fromEnd) {
      expect('-');
    }
    long other = expectNzNumber();
    return fromEnd ? new PartialRange(-one, -other) : new PartialRange(one, other);
  }

  long expectNzNumber() throws SyntaxException {
    return nonZero(digits(MAX_NUMBER));
  }

  /** {@code number64} and {@code mod-sequence-valzer}: 63 bits. */
  long expectNumber64() throws SyntaxException {
    return digits(Long.MAX_VALUE);
  }

  long expectNzNumber64() throws SyntaxException {
    return nonZero(digits(Long.MAX_VALUE));
  }

  private long nonZero(long number) throws SyntaxException {
    if (number == 0) {
      throw SyntaxException.bad("Zero is not allowed" + here());
    }
    return number;
  }

  boolean atDigit() {
    return peek() >= '0' && peek() <= '9';
  }

  /** Exactly {@code count} digits. */
  int expectDigits(int count) throws SyntaxException {
    int number = 0;
    for (int i = 0; i < count; i++) {
      if (!atDigit()) {
        throw SyntaxException.bad("Expected a digit" + here());
      }
      number = 10 * number + (octets[at++] - '0');
    }
    return number;
  }

  // -- sequence sets

  boolean atSequenceSet() {
    return atDigit() || peek() == '*' || peek() == '$';
  }

  /** {@code sequence-set}. */
  SequenceSet expectSequenceSet() throws SyntaxException {
    if (take('$')) {
      return SequenceSet.SAVED;
    }
    long[] bounds = new long[2];
    int length = 0;
    do {
      if (length == 2 * limits.sequenceRanges()) {
        throw SyntaxException.limit("Too many ranges in a sequence set");
      }
      if (length == bounds.length) {
        bounds = Arrays.copyOf(bounds, Math.max(16, 2 * length));
      }
      long first = expectSeqNumber();
      bounds[length++] = first;
      bounds[length++] = take(':') ? expectSeqNumber() : first;
    } while (take(','));
    return new SequenceSet.Ranges(Arrays.copyOf(bounds, length));
  }

  /** {@code seq-number}: names one message. */
  SequenceSet expectOneMessage() throws SyntaxException {
    long number = expectSeqNumber();
    return new SequenceSet.Ranges(new long[] {number, number});
  }

  private long expectSeqNumber() throws SyntaxException {
    if (take('*')) {
      return SequenceSet.Ranges.STAR;
    }
    if (!atDigit()) {
      throw SyntaxException.bad("Expected a sequence number" + here());
    }
    return expectNzNumber();
  }

  /** A {@code sequence-set} of plain numbers, such as {@code known-uids} (RFC 7162 §7). */
  NumberSet expectNumberSet() throws SyntaxException {
    if (!(expectSequenceSet() instanceof SequenceSet.Ranges ranges) || ranges.hasStar()) {
      throw SyntaxException.bad("'*' and '$' are not allowed here" + here());
    }
    return ranges.resolve(0);
  }

  // -- flags

  /**
   * {@code flag}: a system flag in its usual spelling, or a keyword as written. {@code \Recent} can
   * be told but not set, and is refused.
   */
  String expectFlag() throws SyntaxException {
    boolean system = take('\\');
    String name = expectAtom("a flag");
    if (system) {
      return Flags.system(name);
    }
    return keyword(name);
  }

  /** {@code flag-keyword}. */
  String expectKeyword() throws SyntaxException {
    return keyword(expectAtom("a keyword"));
  }

  private String keyword(String name) throws SyntaxException {
    if (name.length() > limits.keywordLength()) {
      throw new SyntaxException(Reply.no(ResponseCode.Plain.LIMIT, "Keyword is too long"));
    }
    return name;
  }

  /** {@code flag-list}, after which each flag occurs once. */
  List<String> expectFlagList() throws SyntaxException {
    expect('(');
    List<String> flags = new ArrayList<>();
    if (!take(')')) {
      do {
        addFlag(flags);
      } while (take(' '));
      expect(')');
    }
    return flags;
  }

  /** {@code flag *(SP flag)}. */
  List<String> expectBareFlags() throws SyntaxException {
    List<String> flags = new ArrayList<>();
    do {
      addFlag(flags);
    } while (take(' '));
    return flags;
  }

  private void addFlag(List<String> flags) throws SyntaxException {
    String flag = expectFlag();
    if (flags.stream().noneMatch(known -> Text.equalsIgnoreCase(known, flag))) {
      flags.add(flag);
    }
    if (flags.size() > limits.flags()) {
      throw SyntaxException.limit("Too many flags");
    }
  }
}
