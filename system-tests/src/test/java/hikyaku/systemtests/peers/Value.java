package hikyaku.systemtests.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A part of what an IMAP server says. Octets are chars of ISO 8859-1. */
sealed interface Value {
  /** In place of whatever a transcript does not say. */
  char REST = '\0';

  /** Anything that is neither of the others; brackets and what is between them are part of it. */
  record Atom(String text) implements Value {}

  /**
   * A quoted string or a literal.
   *
   * @param literal8 whether it was announced as one that may hold NUL (RFC 3516 §4.3)
   */
  record Text(String text, boolean literal8) implements Value {
    Text(String text) {
      this(text, false);
    }
  }

  record Many(List<Value> values) implements Value {}

  /** From here on it may be anything. */
  record Rest() implements Value {}

  /** The same for all that mean the same. */
  default String canonical() {
    return switch (this) {
      case Atom atom -> atom.text;
      case Text text ->
          (text.literal8 ? "~" : "")
              + (text.text.matches("[!#$&+,\\-./0-9:;<=>?@A-Z^_`a-z|~\\\\]+")
                      && !text.text.equals("NIL")
                  ? text.text
                  : '"' + text.text.replace("\r\n", "\\n").replace("\t", "\\t") + '"');
      case Many many ->
          many.values.stream().map(Value::canonical).collect(Collectors.joining(" ", "(", ")"));
      case Rest _ -> "...";
    };
  }

  /** Reads a whole response. */
  static List<Value> all(String response) {
    Reader reader = new Reader(response);
    List<Value> values = new ArrayList<>();
    reader.many(values, false);
    return values;
  }

  /** A position in a response. */
  final class Reader {
    private final String text;
    private int at;

    Reader(String text) {
      this.text = text;
    }

    private boolean ended() {
      return at >= text.length() || text.charAt(at) == '\r' || text.charAt(at) == '\n';
    }

    void many(List<Value> values, boolean inside) {
      while (!ended()) {
        char c = text.charAt(at);
        if (c == ' ') {
          at++;
        } else if (c == REST) {
          values.add(new Rest());
          at = text.length();
        } else if (c == ')' && inside) {
          at++;
          return;
        } else if (c == '(') {
          at++;
          List<Value> below = new ArrayList<>();
          many(below, true);
          values.add(new Many(below));
        } else if (c == '"') {
          values.add(quoted());
        } else if (c == '{' || c == '~' && text.startsWith("~{", at)) {
          values.add(literal());
        } else {
          values.add(atom());
        }
      }
    }

    private Value quoted() {
      StringBuilder content = new StringBuilder();
      for (at++; !ended() && text.charAt(at) != '"'; at++) {
        if (text.charAt(at) == '\\') {
          at++;
        }
        content.append(text.charAt(at));
      }
      at++;
      return new Text(content.toString());
    }

    private Value literal() {
      int from = at;
      int open = text.indexOf('{', from);
      int close = text.indexOf('}', open);
      int count = Integer.parseInt(text.substring(open + 1, close).replace("+", ""));
      int begin = close + "}\r\n".length();
      at = begin + count;
      return new Text(text.substring(begin, at), open > from);
    }

    private Value atom() {
      int begin = at;
      int depth = 0;
      for (; !ended(); at++) {
        char c = text.charAt(at);
        if (c == '[') {
          depth++;
        } else if (c == ']') {
          depth--;
        } else if (c == REST || depth <= 0 && (c == ' ' || c == '(' || c == ')')) {
          break;
        }
      }
      if (at == begin) {
        at++;
      }
      // How strings within brackets are written is free.
      return new Atom(text.substring(begin, at).replace("\"", ""));
    }
  }
}
