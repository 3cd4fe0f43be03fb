package hikyaku.protocol.sieve;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.sieve.Command.Modifier;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Runs a script over a message. Pure: it says what is to be done, and does none of it. */
public final class Interpreter {
  private final Script script;
  private final SieveLimits limits;
  private final Watcher watcher;
  private final Run run;
  private final Testing testing;
  private final List<Action> actions = new ArrayList<>();
  private boolean implicitKeep = true;
  private int redirects;

  private Interpreter(
      Script script,
      SieveMessage message,
      Surroundings surroundings,
      SieveLimits limits,
      Watcher watcher) {
    this.script = script;
    this.limits = limits;
    this.watcher = watcher;
    this.run = new Run(script.required().contains(Extension.VARIABLES), limits);
    this.testing = new Testing(message, surroundings, run, watcher);
  }

  /**
   * Runs a script.
   *
   * @throws IOException if the message cannot be read
   */
  public static Outcome run(
      Script script,
      SieveMessage message,
      Surroundings surroundings,
      SieveLimits limits,
      Watcher watcher)
      throws IOException {
    return new Interpreter(script, message, surroundings, limits, watcher).run();
  }

  private Outcome run() throws IOException {
    try {
      boolean _ = block(script.commands());
    } catch (RunException e) {
      watcher.step(e.line(), "the run fails: " + e.getMessage());
      return new Outcome(
          List.of(new Action.Keep(List.of(), true)),
          Optional.of(new Outcome.Problem(e.line(), String.valueOf(e.getMessage()))));
    }
    if (implicitKeep) {
      actions.add(new Action.Keep(run.flags(), true));
    }
    return new Outcome(actions, Optional.empty());
  }

  /**
   * @return false if the script stopped
   */
  private boolean block(List<Command> commands) throws RunException, IOException {
    for (Command command : commands) {
      if (!command(command)) {
        return false;
      }
    }
    return true;
  }

  private boolean command(Command command) throws RunException, IOException {
    run.at(command.line());
    run.pay(1);
    switch (command) {
      case Command.If(int _, List<Command.If.Branch> branches) -> {
        for (Command.If.Branch branch : branches) {
          if (testing.isTrue(branch.test())) {
            return block(branch.block());
          }
        }
      }
      case Command.Stop(int line) -> {
        watcher.step(line, "stop");
        return false;
      }
      case Command.Keep(int line, List<Template> flags) -> {
        implicitKeep = false;
        act(line, new Action.Keep(flags(flags), false));
      }
      case Command.Discard(int line) -> {
        watcher.step(line, "discard");
        implicitKeep = false;
      }
      case Command.FileInto fileInto -> fileInto(fileInto);
      case Command.Redirect redirect -> redirect(redirect);
      case Command.SetVariable set -> {
        String value = modified(set.modifiers(), run.expand(set.value()));
        run.set(set.name(), value);
        watcher.step(set.line(), "set " + set.name());
      }
      case Command.ChangeFlags change -> changeFlags(change);
      case Command.Fail(int _, Template sentence) -> throw run.problem(run.expand(sentence));
    }
    return true;
  }

  /** RFC 5232 §5: without flags of its own an action has those of the run. */
  private List<String> flags(@Nullable List<Template> flags) throws RunException {
    return flags == null ? run.flags() : run.flags(run.expand(flags));
  }

  /** RFC 5228 §2.10.3: an action that is asked for twice is done once. */
  private void act(int line, Action action) throws RunException {
    watcher.step(line, Told.of(action));
    if (actions.stream().anyMatch(before -> isSame(before, action))) {
      return;
    }
    if (actions.size() >= limits.actions()) {
      throw run.problem("a run has at most " + limits.actions() + " actions");
    }
    actions.add(action);
  }

  private static boolean isSame(Action one, Action other) {
    return switch (one) {
      case Action.Keep _ -> other instanceof Action.Keep;
      case Action.FileInto into ->
          other instanceof Action.FileInto that
              && into.mailbox().equals(that.mailbox())
              && into.specialUse().equals(that.specialUse());
      case Action.Redirect redirect -> redirect.equals(other);
    };
  }

  private void fileInto(Command.FileInto command) throws RunException {
    String mailbox = run.expand(command.mailbox());
    if (mailbox.isEmpty() || mailbox.length() > limits.variableCharacters()) {
      throw run.problem("this can be no name of a mailbox");
    }
    Template use = command.specialUse();
    implicitKeep &= command.copy();
    act(
        command.line(),
        new Action.FileInto(
            mailbox,
            command.create(),
            flags(command.flags()),
            use == null ? Optional.empty() : Optional.of(run.expand(use))));
  }

  private void redirect(Command.Redirect command) throws RunException {
    String text = run.expand(command.address());
    Optional<MailAddress> address = Addresses.parse(text);
    if (address.isEmpty()) {
      throw run.problem("this is no address to redirect to");
    }
    if (++redirects > limits.redirects()) {
      throw run.problem("a run redirects to at most " + limits.redirects() + " addresses");
    }
    implicitKeep &= command.copy();
    act(command.line(), new Action.Redirect(address.get().toString()));
  }

  private void changeFlags(Command.ChangeFlags command) throws RunException {
    String variable = command.variable();
    List<String> before =
        variable == null ? run.flags() : run.flags(List.of(run.variable(variable)));
    List<String> named = run.flags(run.expand(command.flags()));
    List<String> after =
        switch (command.change()) {
          case SET -> named;
          case ADD -> {
            List<String> all = new ArrayList<>(before);
            all.addAll(named);
            yield run.flags(all);
          }
          case REMOVE -> {
            List<String> folded = named.stream().map(Collation::asciiLower).toList();
            yield before.stream()
                .filter(flag -> !folded.contains(Collation.asciiLower(flag)))
                .toList();
          }
        };
    if (variable == null) {
      run.setFlags(after);
    } else {
      run.set(variable, String.join(" ", after));
    }
    watcher.step(command.line(), "flags are now " + after);
  }

  private String modified(List<Modifier> modifiers, String value) {
    String modified = run.cut(value);
    for (Modifier modifier : modifiers) {
      modified =
          switch (modifier) {
            case LOWER -> Case.lower(modified);
            case UPPER -> Case.upper(modified);
            case LOWERFIRST -> first(modified, Case.lower(modified));
            case UPPERFIRST -> first(modified, Case.upper(modified));
            case QUOTEWILDCARD -> modified.replaceAll("[*?\\\\]", "\\\\$0");
            case LENGTH -> Integer.toString(modified.codePointCount(0, modified.length()));
          };
    }
    return modified;
  }

  private static String first(String text, String changed) {
    return text.isEmpty() ? text : changed.charAt(0) + text.substring(1);
  }
}
