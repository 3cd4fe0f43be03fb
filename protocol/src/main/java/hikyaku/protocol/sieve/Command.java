package hikyaku.protocol.sieve;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A command that was checked. */
sealed interface Command {
  int line();

  /** RFC 5228 §3.1: the first branch whose test is true is taken. */
  record If(int line, List<Branch> branches) implements Command {
    /** {@code else} has a test that is true. */
    record Branch(Test test, List<Command> block) {}
  }

  /** RFC 5228 §3.3. */
  record Stop(int line) implements Command {}

  /**
   * RFC 5228 §4.3.
   *
   * @param flags RFC 5232 §5; null for those of the run
   */
  record Keep(int line, @Nullable List<Template> flags) implements Command {}

  /** RFC 5228 §4.4. */
  record Discard(int line) implements Command {}

  /**
   * RFC 5228 §4.2.
   *
   * @param copy RFC 3894: does not cancel the implicit keep
   */
  record Redirect(int line, Template address, boolean copy) implements Command {}

  /**
   * RFC 5228 §4.1.
   *
   * @param copy RFC 3894
   * @param create RFC 5490 §3.2
   * @param specialUse RFC 8579 §4: the mailbox of this use is preferred to the named one
   */
  record FileInto(
      int line,
      boolean copy,
      boolean create,
      @Nullable List<Template> flags,
      @Nullable Template specialUse,
      Template mailbox)
      implements Command {}

  /**
   * RFC 5229 §4.
   *
   * @param modifiers in the order in which they are applied
   */
  record SetVariable(int line, String name, List<Modifier> modifiers, Template value)
      implements Command {}

  /** RFC 5229 §4.1, each with its precedence. */
  enum Modifier {
    LOWER(40),
    UPPER(40),
    LOWERFIRST(30),
    UPPERFIRST(30),
    QUOTEWILDCARD(20),
    LENGTH(10);

    private final int precedence;

    Modifier(int precedence) {
      this.precedence = precedence;
    }

    int precedence() {
      return precedence;
    }
  }

  /**
   * RFC 5232 §3.
   *
   * @param variable null for the flags of the run
   */
  record ChangeFlags(int line, Change change, @Nullable String variable, List<Template> flags)
      implements Command {
    enum Change {
      SET,
      ADD,
      REMOVE
    }
  }

  /** RFC 5463 §5: the run ends as a failed one. */
  record Fail(int line, Template sentence) implements Command {}
}
