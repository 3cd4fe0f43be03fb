package hikyaku.protocol.managesieve;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader;
import hikyaku.protocol.wire.WireReader.LineEnding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads commands, and the strings of a SASL exchange (RFC 5804 §4). */
public final class CommandReader {
  /**
   * Octets of a line between literals: a quoted string of 1024 (§4) and names fit several times.
   */
  static final int LONGEST_LINE = 8_192;

  /** Octets of a string that are read and dropped when it is too large; more ends the session. */
  public static final int LARGEST_LITERAL = 16 * 1024 * 1024;

  /** Arguments of a command; none has more than two. */
  private static final int MOST_ARGUMENTS = 4;

  private final WireReader in;

  public CommandReader(WireReader in) {
    this.in = in;
  }

  private sealed interface Argument {
    record Text(byte[] octets) implements Argument {}

    record Number(long value) implements Argument {}

    record Word(String word) implements Argument {}
  }

  /** A command whose octets are not as they should be. */
  private static final class Refusal extends Exception {
    private final transient Request request;

    Refusal(Request request) {
      super("refused");
      this.request = request;
    }
  }

  /**
   * Reads the next command.
   *
   * @param largestString octets of a string that are taken; of a larger one nothing is kept
   * @throws WireException.End at the end of input before it
   */
  public Request read(int largestString) throws IOException {
    try {
      return command(arguments(largestString));
    } catch (Refusal e) {
      return e.request;
    }
  }

  /**
   * Reads a string alone on its line, as a client answers a SASL challenge.
   *
   * @param largest octets of it
   * @return nothing if it is none
   */
  public Optional<byte[]> readString(int largest) throws IOException {
    try {
      List<Argument> arguments = arguments(largest);
      return arguments.size() == 1 && arguments.getFirst() instanceof Argument.Text(byte[] octets)
          ? Optional.of(octets)
          : Optional.empty();
    } catch (Refusal e) {
      return Optional.empty();
    }
  }

  /** All of a command: its lines, and the literals between them. */
  private List<Argument> arguments(int largestString) throws IOException, Refusal {
    List<Argument> arguments = new ArrayList<>();
    @Nullable Request refused = null;
    while (true) {
      byte[] line;
      try {
        line = in.readLine(LONGEST_LINE, LineEnding.LENIENT);
      } catch (WireException.LineTooLong e) {
        // A literal may be announced at its end, and what follows is then no command.
        throw new Refusal(new Request.Fatal("Line too long"));
      }
      long literal;
      try {
        literal = new Line(line, arguments).parse();
      } catch (Refusal e) {
        refused = e.request;
        literal = announced(line);
      }
      if (literal < 0) {
        break;
      }
      if (literal > LARGEST_LITERAL) {
        throw new Refusal(new Request.Fatal("String too large"));
      }
      if (refused == null && arguments.size() >= MOST_ARGUMENTS) {
        refused = new Request.Malformed("Too many arguments");
      }
      if (refused == null && literal > largestString) {
        refused = new Request.TooLarge();
      }
      if (refused != null) {
        in.readCounted(literal, (octets, offset, length) -> {});
      } else {
        ByteArrayOutputStream octets = new ByteArrayOutputStream((int) Math.min(literal, 8_192));
        in.readCounted(literal, octets::write);
        arguments.add(new Argument.Text(octets.toByteArray()));
      }
    }
    if (refused != null) {
      throw new Refusal(refused);
    }
    return arguments;
  }

  /** The literal that a line ends with; -1 if with none. */
  private static long announced(byte[] line) {
    String text = new String(line, StandardCharsets.ISO_8859_1);
    int brace = text.lastIndexOf('{');
    if (brace < 0 || !text.substring(brace).matches("\\{[0-9]{1,10}\\+\\}")) {
      return -1;
    }
    return Long.parseLong(text.substring(brace + 1, text.length() - 2));
  }

  /** One line, up to its end or to a literal. */
  private static final class Line {
    private final byte[] line;
    private final List<Argument> arguments;
    private int at;

    Line(byte[] line, List<Argument> arguments) {
      this.line = line;
      this.arguments = arguments;
    }

    /**
     * @return octets of the literal that follows; -1 if none does
     */
    long parse() throws Refusal {
      while (at < line.length) {
        byte next = line[at];
        if (next == ' ') {
          at++;
        } else if (next == '"') {
          add(new Argument.Text(quoted()));
        } else if (next == '{') {
          return literal();
        } else if (next >= '0' && next <= '9') {
          add(number());
        } else {
          add(word());
        }
      }
      return -1;
    }

    private void add(Argument argument) throws Refusal {
      if (arguments.size() >= MOST_ARGUMENTS) {
        throw malformed("Too many arguments");
      }
      arguments.add(argument);
    }

    private byte[] quoted() throws Refusal {
      ByteArrayOutputStream octets = new ByteArrayOutputStream();
      for (at++; at < line.length; at++) {
        if (line[at] == '"') {
          at++;
          return octets.toByteArray();
        }
        if (line[at] == '\\' && at + 1 < line.length) {
          at++;
        }
        octets.write(line[at]);
      }
      throw malformed("Quoted string without end");
    }

    private long literal() throws Refusal {
      long announced = announced(line);
      String rest = new String(line, at, line.length - at, StandardCharsets.ISO_8859_1);
      if (announced < 0 || rest.indexOf('}') != rest.length() - 1) {
        throw malformed("A literal is announced as {number+} at the end of a line");
      }
      return announced;
    }

    private Argument number() throws Refusal {
      long value = 0;
      while (at < line.length && line[at] >= '0' && line[at] <= '9') {
        value = value * 10 + (line[at++] - '0');
        if (value > 4_294_967_295L) {
          throw malformed("Number too large");
        }
      }
      return new Argument.Number(value);
    }

    private Argument word() throws Refusal {
      int start = at;
      while (at < line.length
          && (line[at] >= 'a' && line[at] <= 'z' || line[at] >= 'A' && line[at] <= 'Z')) {
        at++;
      }
      if (at == start || at < line.length && line[at] != ' ') {
        throw malformed("This is no command");
      }
      return new Argument.Word(new String(line, start, at - start, StandardCharsets.US_ASCII));
    }
  }

  private static Refusal malformed(String fault) {
    return new Refusal(new Request.Malformed(fault));
  }

  private static Command command(List<Argument> arguments) throws Refusal {
    if (arguments.isEmpty() || !(arguments.getFirst() instanceof Argument.Word(String word))) {
      throw malformed("A command is expected");
    }
    Keyword keyword =
        Arrays.stream(Keyword.values())
            .filter(each -> each.name().equals(word.toUpperCase(Locale.ROOT)))
            .findFirst()
            .orElseThrow(() -> malformed("There is no such command"));
    List<Argument> rest = arguments.subList(1, arguments.size());
    return switch (keyword) {
      case AUTHENTICATE -> {
        require(rest, 1, 2);
        yield new Command.Authenticate(
            text(rest, 0).toUpperCase(Locale.ROOT), rest.size() > 1 ? octets(rest, 1) : null);
      }
      case CAPABILITY -> alone(rest, new Command.Capability());
      case LISTSCRIPTS -> alone(rest, new Command.ListScripts());
      case LOGOUT -> alone(rest, new Command.Logout());
      case STARTTLS -> alone(rest, new Command.StartTls());
      case UNAUTHENTICATE -> alone(rest, new Command.Unauthenticate());
      case CHECKSCRIPT -> {
        require(rest, 1, 1);
        yield new Command.CheckScript(octets(rest, 0));
      }
      case DELETESCRIPT -> {
        require(rest, 1, 1);
        yield new Command.DeleteScript(text(rest, 0));
      }
      case GETSCRIPT -> {
        require(rest, 1, 1);
        yield new Command.GetScript(text(rest, 0));
      }
      case SETACTIVE -> {
        require(rest, 1, 1);
        yield new Command.SetActive(text(rest, 0));
      }
      case HAVESPACE -> {
        require(rest, 2, 2);
        if (!(rest.get(1) instanceof Argument.Number(long octets))) {
          throw malformed("HAVESPACE wants a name and a number");
        }
        yield new Command.HaveSpace(text(rest, 0), octets);
      }
      case PUTSCRIPT -> {
        require(rest, 2, 2);
        yield new Command.PutScript(text(rest, 0), octets(rest, 1));
      }
      case RENAMESCRIPT -> {
        require(rest, 2, 2);
        yield new Command.RenameScript(text(rest, 0), text(rest, 1));
      }
      case NOOP -> {
        require(rest, 0, 1);
        yield new Command.Noop(rest.isEmpty() ? null : text(rest, 0));
      }
    };
  }

  private static Command alone(List<Argument> rest, Command command) throws Refusal {
    require(rest, 0, 0);
    return command;
  }

  private static void require(List<Argument> rest, int least, int most) throws Refusal {
    if (rest.size() < least || rest.size() > most) {
      throw malformed(rest.size() < least ? "An argument is missing" : "Too many arguments");
    }
  }

  private static byte[] octets(List<Argument> rest, int index) throws Refusal {
    if (rest.get(index) instanceof Argument.Text(byte[] octets)) {
      return octets;
    }
    throw malformed("A string is expected");
  }

  private static String text(List<Argument> rest, int index) throws Refusal {
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(octets(rest, index))).toString();
    } catch (CharacterCodingException e) {
      throw malformed("A string is not UTF-8");
    }
  }
}
