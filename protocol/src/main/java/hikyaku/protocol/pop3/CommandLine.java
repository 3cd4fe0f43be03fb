package hikyaku.protocol.pop3;

import hikyaku.protocol.wire.Base64Text;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * One line from the client, read from the left: a keyword, then arguments after single spaces (RFC
 * 2449 §4). Where an argument cannot hold a space, more spaces than one are forgiven, and so are
 * spaces at the end.
 */
public final class CommandLine {
  /**
   * The most octets of a command line other than AUTH, CRLF not counted (RFC 2449 §4: 255 with it).
   */
  public static final int LONGEST = 253;

  /**
   * The most octets of a client's response within AUTH, CRLF not counted: 12288 before base64. RFC
   * 5034 names no number; RFC 4954 §4 names this one for the same exchange in SMTP.
   *
   * <p>As many are taken of AUTH with an initial response: RFC 5034 §4 has clients send a long one
   * behind a challenge, but not all of them do.
   */
  public static final int LONGEST_SASL = 16_384;

  /** RFC 4422 §3.1: "sasl-mech" has 1 to 20 characters. */
  private static final int LONGEST_MECHANISM = 20;

  /** RFC 5646 §4.4.1 names 35 as what a tag needs; with room for private use. */
  private static final int LONGEST_LANGUAGE_TAG = 64;

  private static final int DIGEST_DIGITS = 32;

  private final byte[] line;
  private int position;

  private CommandLine(byte[] line) {
    this.line = line;
  }

  /**
   * Reads a line that was received while commands are expected.
   *
   * @param line without its line ending, at most {@link #LONGEST_SASL} octets
   */
  public static Parsed parse(byte[] line) {
    return new CommandLine(line).command();
  }

  /**
   * A line as it may be shown in a trace: no password, digest, or SASL response, and nothing at all
   * of a line that is no command, for it may be one of these out of place.
   */
  public static String redacted(byte[] line) {
    CommandLine input = new CommandLine(line);
    Keyword keyword = input.keyword();
    if (keyword == null) {
      return "(no command, " + line.length + " octets)";
    }
    return switch (keyword) {
      case PASS -> "PASS ***";
      case APOP -> "APOP " + input.shownArgument() + " ***";
      case AUTH -> {
        String mechanism = input.shownArgument();
        yield "AUTH " + mechanism + (input.position < line.length ? " ***" : "");
      }
      default -> keyword + " " + printable(line, keyword.name().length() + 1, line.length);
    };
  }

  private Parsed command() {
    Keyword keyword = keyword();
    if (line.length > LONGEST && keyword != Keyword.AUTH) {
      return new Malformed(keyword, "Line too long");
    }
    if (keyword == null) {
      return new Malformed(null, "Unknown command");
    }
    Command command =
        switch (keyword) {
          case USER -> user();
          case PASS -> pass();
          case APOP -> apop();
          case AUTH -> auth();
          case LANG -> lang();
          case LIST -> ofOneOrAll(Command.List::new);
          case UIDL -> ofOneOrAll(Command.Uidl::new);
          case RETR -> ofOne(Command.Retr::new);
          case DELE -> ofOne(Command.Dele::new);
          case TOP -> top();
          case STLS -> alone(new Command.Stls());
          case CAPA -> alone(new Command.Capa());
          case UTF8 -> alone(new Command.Utf8());
          case STAT -> alone(new Command.Stat());
          case NOOP -> alone(new Command.Noop());
          case RSET -> alone(new Command.Rset());
          case QUIT -> alone(new Command.Quit());
        };
    return command != null ? command : new Malformed(keyword, "Usage: " + keyword.usage());
  }

  /** Takes the octets up to the first space or the end, if they spell a keyword. */
  private @Nullable Keyword keyword() {
    while (position < line.length && line[position] != ' ') {
      position++;
    }
    return Keyword.of(line, position);
  }

  private @Nullable Command user() {
    String name = rest();
    return name == null || name.isBlank() ? null : new Command.User(name.stripTrailing());
  }

  private @Nullable Command pass() {
    String password = rest();
    return password == null || password.isEmpty() ? null : new Command.Pass(password);
  }

  /** The digest is the last word: a name may hold spaces, a digest cannot. */
  private @Nullable Command apop() {
    String arguments = rest();
    if (arguments == null) {
      return null;
    }
    String trimmed = arguments.stripTrailing();
    int space = trimmed.lastIndexOf(' ');
    if (space < 1) {
      return null;
    }
    String digest = trimmed.substring(space + 1);
    return isDigest(digest) ? new Command.Apop(trimmed.substring(0, space), digest) : null;
  }

  /** RFC 1939 §7: "a 16-octet value which is sent in hexadecimal format, using lower-case". */
  private static boolean isDigest(String text) {
    return text.length() == DIGEST_DIGITS
        && text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  }

  private @Nullable Command auth() {
    String mechanism = argument(LONGEST_MECHANISM);
    if (mechanism == null) {
      return null;
    }
    if (mechanism.isEmpty()) {
      return new Command.Mechanisms();
    }
    if (!mechanism.chars().allMatch(CommandLine::isMechanismCharacter)) {
      return null;
    }
    String encoded = argument(line.length);
    if (encoded == null || !atEnd()) {
      return null;
    }
    byte @Nullable [] initial = null;
    if (encoded.equals("=")) {
      initial = new byte[0];
    } else if (!encoded.isEmpty()) {
      initial = Base64Text.decode(encoded);
      if (initial == null) {
        return null;
      }
    }
    return new Command.Auth(mechanism.toUpperCase(Locale.ROOT), initial);
  }

  private static boolean isMechanismCharacter(int c) {
    return (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '_';
  }

  private @Nullable Command lang() {
    String tag = argument(LONGEST_LANGUAGE_TAG);
    if (tag == null || !atEnd()) {
      return null;
    }
    if (tag.isEmpty()) {
      return new Command.Lang(null);
    }
    boolean wellFormed =
        tag.equals("*") || tag.chars().allMatch(c -> isMechanismCharacter(c) && c != '_');
    return wellFormed ? new Command.Lang(tag) : null;
  }

  private @Nullable Command top() {
    Integer message = number();
    Integer lines = number();
    return message != null && lines != null && atEnd() ? new Command.Top(message, lines) : null;
  }

  private @Nullable Command ofOne(IntFunction<Command> command) {
    Integer message = number();
    return message != null && atEnd() ? command.apply(message) : null;
  }

  private @Nullable Command ofOneOrAll(Function<OptionalInt, Command> command) {
    return atEnd()
        ? command.apply(OptionalInt.empty())
        : ofOne(message -> command.apply(OptionalInt.of(message)));
  }

  private @Nullable Command alone(Command command) {
    return atEnd() ? command : null;
  }

  /** One or more digits up to a space or the end. */
  private @Nullable Integer number() {
    skipSpaces();
    long value = 0;
    int start = position;
    while (position < line.length && line[position] >= '0' && line[position] <= '9') {
      value = Math.min(Integer.MAX_VALUE, value * 10 + (line[position] - '0'));
      position++;
    }
    boolean ended = position == line.length || line[position] == ' ';
    return position > start && ended ? (int) value : null;
  }

  /**
   * The next word of printable ASCII: empty at the end of the line, null if it is something else.
   */
  private @Nullable String argument(int longest) {
    skipSpaces();
    int start = position;
    while (position < line.length && line[position] > ' ' && line[position] < 0x7F) {
      position++;
    }
    if (position - start > longest || (position < line.length && line[position] != ' ')) {
      return null;
    }
    return new String(line, start, position - start, StandardCharsets.US_ASCII);
  }

  /** All octets after the space behind the keyword: UTF-8 without control characters, or null. */
  private @Nullable String rest() {
    if (position == line.length) {
      return "";
    }
    ByteBuffer octets = ByteBuffer.wrap(line, position + 1, line.length - position - 1);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(octets).toString();
      return text.chars().anyMatch(c -> c < ' ' || c == 0x7F) ? null : text;
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  private boolean atEnd() {
    skipSpaces();
    return position == line.length;
  }

  private void skipSpaces() {
    while (position < line.length && line[position] == ' ') {
      position++;
    }
  }

  private String shownArgument() {
    skipSpaces();
    int start = position;
    while (position < line.length && line[position] != ' ') {
      position++;
    }
    return printable(line, start, position);
  }

  private static String printable(byte[] octets, int from, int to) {
    if (from >= to) {
      return "";
    }
    byte[] shown = Arrays.copyOfRange(octets, from, to);
    for (int i = 0; i < shown.length; i++) {
      if (shown[i] < ' ' || shown[i] == 0x7F) {
        shown[i] = '?';
      }
    }
    return new String(shown, StandardCharsets.US_ASCII);
  }
}
