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

  /** RFC 5703 §3: the block is run for each part of the message, or of the part at hand. */
  record ForEveryPart(int line, List<Command> block) implements Command {}

  /**
   * RFC 5703 §3.
   *
   * @param loops how many loops it ends, from the inner one outwards
   */
  record Break(int line, int loops) implements Command {}

  /**
   * RFC 5703 §7.
   *
   * @param modifiers in the order in which they are applied
   * @param first characters of the text that are taken at most; null for all
   */
  record ExtractText(int line, List<Modifier> modifiers, @Nullable Long first, String name)
      implements Command {}

  /**
   * RFC 5703 §5.
   *
   * @param subject of the message, if all of it is replaced; null for the one that it has
   * @param from of it; null for the one that it has
   * @param mime whether the replacement is a MIME entity with its header
   */
  record Replace(
      int line,
      boolean mime,
      @Nullable Template subject,
      @Nullable Template from,
      Template replacement)
      implements Command {}

  /**
   * RFC 5703 §6.
   *
   * @param subject null for that of the message
   * @param headers names of fields that are copied
   */
  record Enclose(int line, @Nullable Template subject, List<Template> headers, Template text)
      implements Command {}

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
   * @param address an address, or the name of a list
   * @param copy RFC 3894: does not cancel the implicit keep
   * @param list RFC 6134 §2.3
   * @param notifyOn RFC 6009 §6
   * @param ret RFC 6009 §6
   * @param by RFC 6009 §7
   */
  record Redirect(
      int line,
      Template address,
      boolean copy,
      boolean list,
      @Nullable Template notifyOn,
      @Nullable Template ret,
      @Nullable By by)
      implements Command {
    /**
     * Within what time.
     *
     * @param seconds from then on; null if there is a time
     * @param time null if there are seconds
     * @param mode null for the usual one
     */
    record By(
        @Nullable Long seconds, @Nullable Template time, @Nullable Template mode, boolean trace) {}
  }

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
      @Nullable Template mailboxId,
      Template mailbox)
      implements Command {}

  /**
   * RFC 5230 §4, RFC 6131 §2.
   *
   * @param seconds of the period; null for the usual one
   */
  record Vacation(
      int line,
      @Nullable Long seconds,
      @Nullable Template subject,
      @Nullable Template from,
      List<Template> addresses,
      boolean mime,
      @Nullable Template handle,
      @Nullable FileInto copy,
      Template reason)
      implements Command {}

  /** RFC 5429 §2. */
  record Reject(int line, boolean atOnce, Template reason) implements Command {}

  /** RFC 5435 §3. */
  record Notify(
      int line,
      @Nullable Template from,
      @Nullable Template importance,
      @Nullable Template message,
      @Nullable FileInto copy,
      Template method)
      implements Command {}

  /**
   * RFC 5293 §4.
   *
   * @param last whether it goes behind the other fields
   */
  record AddHeader(int line, boolean last, Template name, Template value) implements Command {}

  /**
   * RFC 5293 §5.
   *
   * @param values null for any
   */
  record DeleteHeader(
      int line, Match match, Test.Index index, Template name, @Nullable List<Template> values)
      implements Command {}

  /** RFC 6609 §3.2. */
  record Include(int line, boolean global, boolean once, boolean optional, String name)
      implements Command {}

  /** RFC 6609 §3.3. */
  record Return(int line) implements Command {}

  /** RFC 6609 §3.4.1. */
  record Global(int line, List<String> names) implements Command {}

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
    /** draft-ietf-sieve-regex. */
    QUOTEREGEX(20),
    /** RFC 5435 §6. */
    ENCODEURL(15),
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
