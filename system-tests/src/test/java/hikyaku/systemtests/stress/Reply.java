package hikyaku.systemtests.stress;

import java.util.ArrayList;
import java.util.List;

/**
 * One IMAP response, as a list of atoms, strings and lists. Strings are told from atoms by {@link
 * Quoted}.
 */
public record Reply(List<Object> items) {
  /** A quoted string or literal. */
  public record Quoted(String value) {}

  public String word(int i) {
    return i < items.size() && items.get(i) instanceof String s ? s : "";
  }

  /** The value that follows a name in a list of pairs, as FETCH has them. */
  public static Object after(List<?> pairs, String name) {
    for (int i = 0; i + 1 < pairs.size(); i += 2) {
      if (pairs.get(i) instanceof String s && s.equalsIgnoreCase(name)) {
        return pairs.get(i + 1);
      }
    }
    return null;
  }

  /** Reads a response with its literals. */
  public static Reply read(Octets in) throws java.io.IOException {
    Reader reader = new Reader(in);
    List<Object> items = reader.list('\0');
    return new Reply(items);
  }

  private static final class Reader {
    private final Octets in;
    private String line;
    private int at;

    Reader(Octets in) throws java.io.IOException {
      this.in = in;
      line = in.line();
    }

    List<Object> list(char end) throws java.io.IOException {
      List<Object> items = new ArrayList<>();
      while (true) {
        if (at == line.length()) {
          if (end != '\0') {
            throw new AssertionError("response ends inside a list: " + line);
          }
          return items;
        }
        char c = line.charAt(at);
        if (c == end) {
          at++;
          return items;
        }
        switch (c) {
          case ' ' -> at++;
          case '(' -> {
            at++;
            items.add(list(')'));
          }
          case '"' -> items.add(quoted());
          case '{' -> items.add(literal());
          default -> items.add(atom(end));
        }
      }
    }

    private Quoted quoted() {
      StringBuilder value = new StringBuilder();
      for (at++; line.charAt(at) != '"'; at++) {
        if (line.charAt(at) == '\\') {
          at++;
        }
        value.append(line.charAt(at));
      }
      at++;
      return new Quoted(value.toString());
    }

    private Quoted literal() throws java.io.IOException {
      int count = Integer.parseInt(line.substring(at + 1, line.length() - 1));
      String value = in.counted(count);
      line = in.line();
      at = 0;
      return new Quoted(value);
    }

    /** An atom; square brackets keep what is in them together. */
    private String atom(char end) {
      int start = at;
      int depth = 0;
      while (at < line.length()) {
        char c = line.charAt(at);
        if (c == '[') {
          depth++;
        } else if (c == ']') {
          depth--;
        } else if (depth <= 0 && (c == ' ' || c == '(' || c == ')' || c == end)) {
          break;
        }
        at++;
      }
      if (at == start) {
        throw new AssertionError("stray '" + line.charAt(at) + "' in " + line);
      }
      return line.substring(start, at);
    }
  }
}
