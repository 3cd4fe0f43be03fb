package hikyaku.protocol.smtp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.address.MailAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Command lines (RFC 5321 §4.1). */
public final class CommandParser {
  /**
   * The longest command line but AUTH, in octets without CRLF. RFC 5321 §4.5.3.1.4 has 512; SIZE,
   * BODY, SMTPUTF8, RET, ENVID, AUTH, HOLDUNTIL, NOTIFY and ORCPT add up to about 1,250 on a line.
   */
  public static final int MAX_LINE = 2048;

  /** The longest line of an AUTH exchange, in octets (RFC 4954 §4). */
  public static final int MAX_AUTH_LINE = 12_288;

  private static final Reply NOT_TEXT =
      Reply.of(500, "5.5.2", "Command line is not printable UTF-8 text");
  private static final Reply TOO_LONG = Reply.of(500, "5.5.6", "Command line too long");

  /** RFC 9110 §9; as HTTP writes them, in upper case. */
  private static final Set<String> HTTP_METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH");

  private final Cursor in;

  private CommandParser(String line) {
    in = new Cursor(line);
  }

  /**
   * Reads a command.
   *
   * @param line without CRLF, at most {@link #MAX_AUTH_LINE} octets
   */
  public static Command parse(byte[] line) {
    String word = word(line);
    Verb verb = Verb.of(word);
    if (verb == null) {
      return HTTP_METHODS.contains(word) ? new Command.Http() : new Command.Unknown();
    }
    if (line.length > (verb == Verb.AUTH ? MAX_AUTH_LINE : MAX_LINE)) {
      return new Command.Malformed(verb, TOO_LONG);
    }
    String text = decode(line);
    if (text == null) {
      return new Command.Malformed(verb, NOT_TEXT);
    }
    try {
      return new CommandParser(text).command(verb);
    } catch (CommandSyntaxException e) {
      return new Command.Malformed(verb, e.refusal());
    }
  }

  /** The first word, before anything is known of the rest; empty if it is none. */
  private static String word(byte[] line) {
    int from = 0;
    while (from < line.length && (line[from] == ' ' || line[from] == '\t')) {
      from++;
    }
    int to = from;
    while (to < line.length && Ascii.isAlpha(line[to])) {
      to++;
    }
    boolean ends = to == line.length || line[to] == ' ' || line[to] == '\t';
    return ends ? new String(line, from, to - from, US_ASCII) : "";
  }

  /** Text without control characters other than TAB, or null. */
  private static @Nullable String decode(byte[] line) {
    try {
      String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
      return text.chars().allMatch(c -> c == '\t' || !Character.isISOControl(c))
          ? withoutTrailingSpace(text)
          : null;
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  /** RFC 5321 §4.1.1: white space before CRLF is to be tolerated. */
  private static String withoutTrailingSpace(String text) {
    int end = text.length();
    while (end > 0 && (text.charAt(end - 1) == ' ' || text.charAt(end - 1) == '\t')) {
      end--;
    }
    return text.substring(0, end);
  }

  private Command command(Verb verb) throws CommandSyntaxException {
    in.skipSpace();
    in.takeWhile(Ascii::isAlpha);
    in.skipSpace();
    return switch (verb) {
      case HELO -> new Command.Helo(expectClientName());
      case EHLO -> new Command.Ehlo(expectClientName());
      case LHLO -> new Command.Lhlo(expectClientName());
      case MAIL -> mail();
      case RCPT -> rcpt();
      case DATA -> alone(new Command.Data());
      case BDAT -> bdat();
      case RSET -> alone(new Command.Rset());
      case VRFY -> new Command.Vrfy(expectArgument());
      case EXPN -> new Command.Expn(expectArgument());
      case NOOP -> new Command.Noop();
      case HELP -> new Command.Help(in.rest());
      case QUIT -> alone(new Command.Quit());
      case STARTTLS -> alone(new Command.StartTls());
      case AUTH -> auth();
      case ETRN, ATRN, BURL, SEND, SOML, SAML, TURN -> new Command.NotImplemented(verb);
    };
  }

  private Command alone(Command command) throws CommandSyntaxException {
    if (!in.atEnd()) {
      throw CommandSyntaxException.argument("This command takes no argument");
    }
    return command;
  }

  /** Domain or address-literal, or what clients send instead. */
  private String expectClientName() throws CommandSyntaxException {
    String name = in.takeWhile(c -> c > ' ' && c < 127);
    if (name.isEmpty() || !in.atEnd() || name.length() > MailAddress.LONGEST_DOMAIN) {
      throw CommandSyntaxException.argument("Say your own host name after this command");
    }
    return name;
  }

  private String expectArgument() throws CommandSyntaxException {
    if (in.atEnd()) {
      throw CommandSyntaxException.argument("This command needs an argument");
    }
    return in.rest();
  }

  private Command mail() throws CommandSyntaxException {
    if (!in.takeFolded("FROM:")) {
      throw CommandSyntaxException.syntax("Syntax: MAIL FROM:<address> [parameters]");
    }
    in.skipSpace();
    ReversePath from;
    try {
      from = new PathParser(in).expectReversePath();
    } catch (CommandSyntaxException e) {
      throw asSender(e);
    }
    return new Command.Mail(from, new ParameterParser(in).mailParameters());
  }

  /** The path's grammar speaks of recipients; a bad sender has its own code (RFC 3463 §3.2). */
  private static CommandSyntaxException asSender(CommandSyntaxException e) {
    Reply refusal = e.refusal();
    return EnhancedCode.of("5.1.3").equals(refusal.enhanced())
        ? new CommandSyntaxException(Reply.of(refusal.code(), "5.1.7", refusal.lines().getFirst()))
        : e;
  }

  private Command rcpt() throws CommandSyntaxException {
    if (!in.takeFolded("TO:")) {
      throw CommandSyntaxException.syntax("Syntax: RCPT TO:<address> [parameters]");
    }
    in.skipSpace();
    ForwardPath to = new PathParser(in).expectForwardPath();
    return new Command.Rcpt(to, new ParameterParser(in).rcptParameters());
  }

  private Command bdat() throws CommandSyntaxException {
    String digits = in.takeWhile(Ascii::isDigit);
    boolean spaced = in.skipSpace();
    boolean last = spaced && in.takeFolded("LAST");
    // A size that no long holds cannot be counted down either.
    if (digits.isEmpty() || digits.length() > 18 || !in.atEnd()) {
      throw CommandSyntaxException.argument("Syntax: BDAT size [LAST]");
    }
    return new Command.Bdat(Long.parseLong(digits), last);
  }

  private Command auth() throws CommandSyntaxException {
    // sasl-mech, RFC 4422 §3.1.
    String mechanism = in.takeWhile(c -> c == '-' || c == '_' || Ascii.isAlphaOrDigit(c));
    boolean spaced = in.skipSpace();
    if (mechanism.isEmpty() || mechanism.length() > 20 || !(spaced || in.atEnd())) {
      throw CommandSyntaxException.argument("Syntax: AUTH mechanism [initial-response]");
    }
    if (in.atEnd()) {
      return new Command.Auth(Ascii.upper(mechanism), null);
    }
    String response = in.rest();
    if (response.equals("=")) {
      return new Command.Auth(Ascii.upper(mechanism), "");
    }
    if (!response.chars().allMatch(CommandParser::isBase64)) {
      throw CommandSyntaxException.syntax("Initial response is not base64");
    }
    return new Command.Auth(Ascii.upper(mechanism), response);
  }

  private static boolean isBase64(int c) {
    return Ascii.isAlphaOrDigit(c) || c == '+' || c == '/' || c == '=';
  }
}
