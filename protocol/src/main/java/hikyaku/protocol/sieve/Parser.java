package hikyaku.protocol.sieve;

import hikyaku.protocol.sieve.Node.Argument;
import java.util.ArrayList;
import java.util.List;

/** The grammar of RFC 5228 §8.2, in which commands have no meaning yet. */
final class Parser {
  private final Lexer lexer;
  private final SieveLimits limits;
  private Token token;
  private int nodes;

  private Parser(String text, SieveLimits limits) throws SieveException {
    this.lexer = new Lexer(text);
    this.limits = limits;
    this.token = lexer.next();
  }

  /** All commands of a script. */
  static List<Node> parse(String text, SieveLimits limits) throws SieveException {
    Parser parser = new Parser(text, limits);
    List<Node> commands = parser.commands(0);
    if (!(parser.token instanceof Token.End)) {
      throw parser.unexpected("a command");
    }
    return commands;
  }

  private List<Node> commands(int depth) throws SieveException {
    List<Node> commands = new ArrayList<>();
    while (token instanceof Token.Identifier name) {
      commands.add(command(name, depth));
    }
    return commands;
  }

  private Node command(Token.Identifier name, int depth) throws SieveException {
    advance();
    List<Argument> arguments = arguments();
    boolean list = isNext('(');
    List<Node> tests = tests(depth);
    if (passed('{')) {
      deeper(name.at(), depth);
      List<Node> block = commands(depth + 1);
      if (!passed('}')) {
        throw unexpected(
            "a command or } for the { of " + name.name() + " in line " + name.at().line());
      }
      return new Node(name.at(), name.name(), arguments, tests, list, block);
    }
    if (!passed(';')) {
      throw unexpected("; behind " + name.name());
    }
    return new Node(name.at(), name.name(), arguments, tests, list, null);
  }

  private List<Node> tests(int depth) throws SieveException {
    if (token instanceof Token.Identifier name) {
      return List.of(test(name, depth));
    }
    if (!passed('(')) {
      return List.of();
    }
    List<Node> tests = new ArrayList<>();
    do {
      if (!(token instanceof Token.Identifier name)) {
        throw unexpected("a test");
      }
      tests.add(test(name, depth));
    } while (passed(','));
    if (!passed(')')) {
      throw unexpected(", or )");
    }
    return tests;
  }

  private Node test(Token.Identifier name, int depth) throws SieveException {
    deeper(name.at(), depth);
    advance();
    List<Argument> arguments = arguments();
    boolean list = isNext('(');
    return new Node(name.at(), name.name(), arguments, tests(depth + 1), list, null);
  }

  private void deeper(Position at, int depth) throws SieveException {
    if (depth >= limits.nesting()) {
      throw new SieveException(
          at, "blocks and tests may be at most " + limits.nesting() + " deep inside one another");
    }
  }

  private List<Argument> arguments() throws SieveException {
    List<Argument> arguments = new ArrayList<>();
    while (true) {
      switch (token) {
        case Token.Tag(Position at, String name) -> {
          advance();
          arguments.add(new Argument.Tag(at, name));
        }
        case Token.Number(Position at, long value) -> {
          advance();
          arguments.add(new Argument.Number(at, value));
        }
        case Token.Text(Position at, String value) -> {
          advance();
          arguments.add(new Argument.Strings(at, List.of(value), false));
        }
        case Token.Sign(Position at, char sign) when sign == '[' -> {
          advance();
          arguments.add(new Argument.Strings(at, strings(), true));
        }
        default -> {
          return arguments;
        }
      }
    }
  }

  private List<String> strings() throws SieveException {
    List<String> strings = new ArrayList<>();
    do {
      if (!(token instanceof Token.Text(Position _, String value))) {
        throw unexpected("a string");
      }
      advance();
      strings.add(value);
    } while (passed(','));
    if (!passed(']')) {
      throw unexpected(", or ]");
    }
    return strings;
  }

  private boolean isNext(char sign) {
    return token instanceof Token.Sign(Position _, char found) && found == sign;
  }

  private boolean passed(char sign) throws SieveException {
    if (isNext(sign)) {
      advance();
      return true;
    }
    return false;
  }

  private void advance() throws SieveException {
    if (++nodes > limits.nodes()) {
      throw new SieveException(token.at(), "the script has too many parts");
    }
    token = lexer.next();
  }

  private SieveException unexpected(String wanted) {
    String found =
        switch (token) {
          case Token.Identifier(Position _, String name) -> name;
          case Token.Tag(Position _, String name) -> ":" + name;
          case Token.Number(Position _, long value) -> Long.toString(value);
          case Token.Text _ -> "a string";
          case Token.Sign(Position _, char sign) -> String.valueOf(sign);
          case Token.End _ -> "the end of the script";
        };
    return new SieveException(token.at(), "expected " + wanted + ", found " + found);
  }
}
