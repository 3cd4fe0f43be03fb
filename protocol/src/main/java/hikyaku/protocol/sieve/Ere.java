package hikyaku.protocol.sieve;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * An extended regular expression of POSIX (IEEE 1003.1 §9.4), as {@code :regex} has it
 * (draft-ietf-sieve-regex). It is read here and written anew for RE2, which matches in time that
 * grows with the length of the text and of the expression, and with nothing else. Of several
 * matches it is the leftmost, of these the longest; where groups can share it out in several ways,
 * they do as RE2 says, and not always the first as much as it can.
 */
final class Ere {
  /** Groups inside one another; recursion follows them. */
  private static final int DEEPEST = 20;

  /** RE_DUP_MAX of POSIX. */
  private static final int MOST_REPEATS = 255;

  private final Pattern pattern;
  private final int size;

  private Ere(Pattern pattern, int size) {
    this.pattern = pattern;
    this.size = size;
  }

  /** What is no expression, or one that is too large; the message says why. */
  static final class Malformed extends Exception {
    Malformed(String why) {
      super(why, null, false, false);
    }

    String why() {
      return String.valueOf(getMessage());
    }
  }

  /**
   * @param most what an expression may come to, each repeated part counted as often as it may stand
   * @throws Malformed if it is none
   */
  static Ere of(String text, Collation collation, int most) throws Malformed {
    Reader reader = new Reader(text, collation == Collation.ASCII_CASEMAP, most);
    int size = reader.alternatives(0);
    if (reader.at < reader.source.length) {
      throw new Malformed("a bracket is closed that was not opened");
    }
    try {
      return new Ere(
          Pattern.compile(reader.out.toString(), Pattern.DOTALL | Pattern.LONGEST_MATCH), size);
    } catch (PatternSyntaxException e) {
      throw new Malformed("it cannot be matched here");
    }
  }

  /** Whether a comparator goes with expressions. */
  static boolean goesWith(Collation collation) {
    return collation == Collation.OCTET || collation == Collation.ASCII_CASEMAP;
  }

  /** What it came to; a match takes steps by this and the length of the text. */
  int size() {
    return size;
  }

  /**
   * What was matched and what each group stands for in it; nothing if the text has no match. A
   * group that was passed by is empty.
   */
  Optional<List<String>> find(String text) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      return Optional.empty();
    }
    List<String> groups = new ArrayList<>();
    for (int group = 0; group <= matcher.groupCount(); group++) {
      String matched = matcher.group(group);
      groups.add(matched == null ? "" : matched);
    }
    return Optional.of(groups);
  }

  /** A text that matches itself and nothing else. */
  static String quoted(String text) {
    return text.replaceAll("[\\\\^.\\[$()|*+?{]", "\\\\$0");
  }

  /** Reads an expression and writes that of RE2. */
  private static final class Reader {
    final int[] source;
    final StringBuilder out = new StringBuilder();
    private final boolean anyCase;
    private final int most;
    int at;

    Reader(String text, boolean anyCase, int most) {
      this.source = text.codePoints().toArray();
      this.anyCase = anyCase;
      this.most = most;
    }

    private boolean take(int codePoint) {
      if (at < source.length && source[at] == codePoint) {
        at++;
        return true;
      }
      return false;
    }

    private int next(String missing) throws Malformed {
      if (at == source.length) {
        throw new Malformed(missing);
      }
      return source[at++];
    }

    /** {@code extended_reg_exp}; gives its size. */
    int alternatives(int depth) throws Malformed {
      if (depth > DEEPEST) {
        throw new Malformed("groups are nested too deeply");
      }
      long size = branch(depth);
      while (take('|')) {
        out.append('|');
        size += 1 + branch(depth);
      }
      return bounded(size);
    }

    private int bounded(long size) throws Malformed {
      if (size > most) {
        throw new Malformed("it is too large");
      }
      return (int) size;
    }

    private int branch(int depth) throws Malformed {
      long size = 1;
      while (at < source.length && source[at] != '|' && (source[at] != ')' || depth == 0)) {
        if (depth == 0 && source[at] == ')') {
          throw new Malformed("a bracket is closed that was not opened");
        }
        size = bounded(size + repeated(depth));
      }
      return bounded(size);
    }

    /** An atom with what says how often it stands. */
    private int repeated(int depth) throws Malformed {
      int size = atom(depth);
      if (at == source.length) {
        return size;
      }
      switch (source[at]) {
        case '*', '+', '?' -> {
          out.appendCodePoint(source[at++]);
          size = bounded(size + 1);
        }
        case '{' -> size = bounded((long) size * interval());
        default -> {
          return size;
        }
      }
      if (at < source.length && "*+?{".indexOf(source[at]) >= 0) {
        throw new Malformed("what is repeated cannot be repeated again without a group");
      }
      return size;
    }

    /** {@code {m}}, {@code {m,}} and {@code {m,n}}; gives how often the atom may have to stand. */
    private int interval() throws Malformed {
      at++;
      int least = number();
      int times = least;
      out.append('{').append(least);
      if (take(',')) {
        out.append(',');
        if (at < source.length && source[at] != '}') {
          times = number();
          out.append(times);
          if (times < least) {
            throw new Malformed("an interval ends before it begins");
          }
        } else {
          times = least + 1;
        }
      }
      if (!take('}')) {
        throw new Malformed("an interval is not closed");
      }
      out.append('}');
      return 1 + times;
    }

    private int number() throws Malformed {
      int number = -1;
      while (at < source.length && source[at] >= '0' && source[at] <= '9') {
        number = 10 * Math.max(0, number) + source[at++] - '0';
        if (number > MOST_REPEATS) {
          throw new Malformed("an interval is above " + MOST_REPEATS);
        }
      }
      if (number < 0) {
        throw new Malformed("an interval lacks its number");
      }
      return number;
    }

    private int atom(int depth) throws Malformed {
      int first = source[at++];
      switch (first) {
        case '(' -> {
          out.append('(');
          int size = alternatives(depth + 1);
          if (!take(')')) {
            throw new Malformed("a bracket is not closed");
          }
          out.append(')');
          return bounded(size + 2L);
        }
        case '[' -> bracket();
        case '.' -> out.append('.');
        case '^' -> out.append("\\A");
        case '$' -> out.append("\\z");
        case '*', '+', '?', '{' -> throw new Malformed("there is nothing to repeat");
        case '\\' -> {
          int quoted = next("it ends with a backslash");
          if (quoted < 128 && Character.isLetterOrDigit(quoted)) {
            throw new Malformed("\\" + Character.toString(quoted) + " means nothing");
          }
          one(quoted);
        }
        default -> one(first);
      }
      return 1;
    }

    private void one(int codePoint) {
      out.append('[');
      range(codePoint, codePoint);
      out.append(']');
    }

    /** Members of a set, in either case if case does not count. */
    private void range(int from, int to) {
      member(from, to);
      if (anyCase) {
        if (Math.max(from, 'A') <= Math.min(to, 'Z')) {
          member(Math.max(from, 'A') + 32, Math.min(to, 'Z') + 32);
        }
        if (Math.max(from, 'a') <= Math.min(to, 'z')) {
          member(Math.max(from, 'a') - 32, Math.min(to, 'z') - 32);
        }
      }
    }

    private void member(int from, int to) {
      out.append("\\x{").append(Integer.toHexString(from)).append('}');
      if (from != to) {
        out.append("-\\x{").append(Integer.toHexString(to)).append('}');
      }
    }

    /** {@code bracket_expression} behind its bracket (§9.3.5). */
    private void bracket() throws Malformed {
      out.append('[');
      if (take('^')) {
        out.append('^');
      }
      boolean first = true;
      while (first || at == source.length || source[at] != ']') {
        first = false;
        int from = next("a set is not closed");
        if (from == '[' && take(':')) {
          namedClass();
          continue;
        }
        if (from == '[' && at < source.length && (source[at] == '.' || source[at] == '=')) {
          from = element();
        }
        int to = from;
        if (at + 1 < source.length && source[at] == '-' && source[at + 1] != ']') {
          at++;
          to = next("a set is not closed");
          if (to == '[' && at < source.length && source[at] == '.') {
            to = element();
          }
          if (to < from) {
            throw new Malformed("a range ends before it begins");
          }
        }
        range(from, to);
      }
      at++;
      out.append(']');
    }

    /** {@code [.x.]} and {@code [=x=]}: there are none but single characters. */
    private int element() throws Malformed {
      int mark = source[at++];
      int element = next("a set is not closed");
      if (!take(mark) || !take(']')) {
        throw new Malformed("there are no collating elements of several characters");
      }
      return element;
    }

    private void namedClass() throws Malformed {
      StringBuilder name = new StringBuilder();
      while (at < source.length && source[at] >= 'a' && source[at] <= 'z') {
        name.appendCodePoint(source[at++]);
      }
      String known = name.toString().toLowerCase(Locale.ROOT);
      if (!take(':') || !take(']')) {
        throw new Malformed("the name of a class is not closed");
      }
      switch (known) {
        case "alnum",
            "alpha",
            "blank",
            "cntrl",
            "digit",
            "graph",
            "print",
            "punct",
            "space",
            "xdigit" ->
            out.append("[:").append(known).append(":]");
        case "upper", "lower" -> out.append("[:").append(anyCase ? "alpha" : known).append(":]");
        default -> throw new Malformed("there is no class " + known);
      }
    }
  }
}
