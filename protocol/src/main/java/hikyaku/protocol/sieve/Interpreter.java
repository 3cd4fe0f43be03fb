package hikyaku.protocol.sieve;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.sieve.Command.Modifier;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.regex.Pattern;

/** Runs a script over a message. Pure: it says what is to be done, and does none of it. */
public final class Interpreter {
  /** Alone: with the blanks about it an expression takes the square of their number. */
  private static final Pattern LINE_END = Pattern.compile("\\R");

  /** What it costs to go to a part, in comparisons. */
  private static final int VISIT = 16;

  private final Surroundings surroundings;
  private final SieveMessage message;
  private final SieveLimits limits;
  private final Watcher watcher;
  private final Run run;
  private final Presented presented;
  private final Testing testing;
  private final Sending sending;
  private final Changing changing;
  private final Redirecting redirecting;
  private final List<Action> actions = new ArrayList<>();
  private final List<Optional<Edition>> editions = new ArrayList<>();

  /** The script at hand, and those around it that include one another, the first one first. */
  private final List<ScriptName> running = new ArrayList<>();

  private final Set<ScriptName> included = new HashSet<>();
  private final SequencedSet<ScriptName> ran = new LinkedHashSet<>();
  private final List<Optional<ScriptName>> by = new ArrayList<>();
  private Optional<ScriptName> discarded = Optional.empty();
  private int includes;
  private boolean implicitKeep = true;
  private int redirects;
  private int edits;
  private int vacations;
  private int loops;
  private int leaving;

  private Interpreter(
      SieveMessage message, Surroundings surroundings, SieveLimits limits, Watcher watcher) {
    this.surroundings = surroundings;
    this.message = message;
    this.limits = limits;
    this.watcher = watcher;
    this.run = new Run(limits);
    this.presented = new Presented(message, run);
    this.testing = new Testing(message, presented, surroundings, run, watcher);
    this.sending = new Sending(message, surroundings, run, watcher);
    this.changing = new Changing(message, presented, surroundings, run, watcher);
    this.redirecting = new Redirecting(surroundings, run);
  }

  /** A script of several that run one after another. */
  public record Stage(ScriptName name, Script script) {}

  /**
   * Runs a script without a name.
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
    Stage only = new Stage(new ScriptName(false, ""), script);
    return run(List.of(only), message, surroundings, limits, watcher);
  }

  /**
   * Runs scripts one after another, up to one that decides: that cancels the implicit keep.
   *
   * @throws IOException if the message cannot be read
   */
  public static Outcome run(
      List<Stage> stages,
      SieveMessage message,
      Surroundings surroundings,
      SieveLimits limits,
      Watcher watcher)
      throws IOException {
    return new Interpreter(message, surroundings, limits, watcher).run(stages);
  }

  private Outcome run(List<Stage> stages) throws IOException {
    for (Stage stage : stages) {
      if (!implicitKeep) {
        break;
      }
      boolean answered = actions.stream().anyMatch(Action.Vacation.class::isInstance);
      vacations = answered ? 1 : 0;
      run.forgetShared();
      included.clear();
      included.add(stage.name);
      running.clear();
      running.add(stage.name);
      ran.add(stage.name);
      try {
        Flow _ = script(stage.script);
      } catch (RunException e) {
        watcher.step(e.line(), "the run fails: " + e.getMessage());
        return Outcome.failed(
            new Outcome.Problem(stage.name, e.line(), String.valueOf(e.getMessage())),
            List.copyOf(ran));
      }
    }
    if (implicitKeep) {
      actions.add(new Action.Keep(run.flags(), true));
      editions.add(message.edition());
      by.add(Optional.empty());
    }
    return new Outcome(
        actions,
        editions,
        testing.marks(),
        new Outcome.Trail(List.copyOf(ran), by, discarded),
        Optional.empty());
  }

  private static String in(String name, RunException e) {
    return "in the script \"" + name + "\", line " + e.line() + ": " + e.getMessage();
  }

  /** How it goes on behind a command. */
  private enum Flow {
    ON,
    /** Behind as many loops as are to be left (RFC 5703 §3). */
    BREAK,
    /** Behind the include of the script that runs (RFC 6609 §3.3). */
    RETURN,
    STOP
  }

  private Flow script(Script script) throws RunException, IOException {
    Run.Frame before = run.enter(new Run.Frame(script.required().contains(Extension.VARIABLES)));
    Flow flow = block(script.commands());
    run.enter(before);
    return flow == Flow.RETURN ? Flow.ON : flow;
  }

  /** RFC 6609 §3.2. */
  private Flow include(Command.Include include) throws RunException, IOException {
    ScriptName key = new ScriptName(include.global(), include.name());
    String name = include.name();
    if (include.once() && included.contains(key)) {
      watcher.step(include.line(), "the script \"" + name + "\" was included before");
      return Flow.ON;
    }
    if (running.contains(key)) {
      throw run.problem("the script \"" + name + "\" includes itself");
    }
    Optional<Script> found;
    try {
      found = surroundings.included(name, include.global());
    } catch (SieveException e) {
      throw run.problem("the script \"" + name + "\" is not in order: " + e.told());
    }
    if (found.isEmpty()) {
      if (include.optional()) {
        watcher.step(include.line(), "there is no script \"" + name + "\" to include");
        return Flow.ON;
      }
      throw run.problem("there is no script \"" + name + "\" to include");
    }
    if (running.size() >= limits.includeDepth()) {
      throw run.problem(
          "scripts may include one another at most " + limits.includeDepth() + " deep");
    }
    if (++includes > limits.includes()) {
      throw run.problem("a run includes at most " + limits.includes() + " scripts");
    }
    included.add(key);
    watcher.step(include.line(), "include the script \"" + name + "\"");
    return included(key, found.get(), include.line());
  }

  private Flow included(ScriptName name, Script script, int line) throws RunException, IOException {
    Optional<Part> loop = run.part();
    Optional<Part> before = presented.enter(loop);
    run.setPart(Optional.empty());
    running.add(name);
    ran.add(name);
    try {
      return script(script);
    } catch (RunException e) {
      throw new RunException(line, in(name.name(), e));
    } finally {
      running.removeLast();
      run.setPart(loop);
      presented.leave(before);
    }
  }

  private Flow block(List<Command> commands) throws RunException, IOException {
    for (Command command : commands) {
      Flow flow = command(command);
      if (flow != Flow.ON) {
        return flow;
      }
    }
    return Flow.ON;
  }

  /**
   * RFC 5703 §3: in a loop that is in another one it is the parts in the part at hand, without
   * itself.
   */
  private Flow loop(Command.ForEveryPart command) throws RunException, IOException {
    if (loops >= limits.loops()) {
      throw run.problem("loops may be at most " + limits.loops() + " deep inside one another");
    }
    Optional<Part> around = run.part();
    List<Part> parts = around.map(Part::parts).orElseGet(() -> List.of(presented.root()));
    loops++;
    Flow flow = eachOf(parts, command);
    loops--;
    run.setPart(around);
    return flow == Flow.BREAK && --leaving == 0 ? Flow.ON : flow;
  }

  private Flow eachOf(List<Part> parts, Command.ForEveryPart command)
      throws RunException, IOException {
    for (Part part : parts) {
      run.at(command.line());
      run.pay(VISIT);
      watcher.step(
          command.line(),
          "foreverypart: "
              + part.name()
              + ", "
              + part.described().type()
              + "/"
              + part.described().subtype());
      run.setPart(Optional.of(part));
      int replacements = part.replacements();
      Flow flow = block(command.block());
      // RFC 5703 §5: it does not go into what has come in the place of a part.
      if (flow == Flow.ON && part.replacements() == replacements) {
        flow = eachOf(part.parts(), command);
      }
      if (flow != Flow.ON) {
        return flow;
      }
    }
    return Flow.ON;
  }

  private void extractText(Command.ExtractText command) throws RunException, IOException {
    Long first = command.first();
    int most = limits.variableCharacters();
    int characters = first == null ? most : (int) Math.min(first, most);
    Optional<Part> part = run.part();
    String text = part.isEmpty() ? "" : message.parts().text(part.get(), characters);
    run.payForRead(message);
    run.pay(text.length());
    run.set(command.name(), modified(command.modifiers(), text));
    watcher.step(command.line(), "set " + command.name() + " to text of the part");
  }

  private Flow command(Command command) throws RunException, IOException {
    run.at(command.line());
    run.pay(1);
    run.payForRead(message);
    switch (command) {
      case Command.If(int _, List<Command.If.Branch> branches) -> {
        for (Command.If.Branch branch : branches) {
          if (testing.isTrue(branch.test())) {
            return block(branch.block());
          }
        }
      }
      case Command.ForEveryPart loop -> {
        return loop(loop);
      }
      case Command.Break(int line, int out) -> {
        watcher.step(line, "break");
        leaving = out;
        return Flow.BREAK;
      }
      case Command.ExtractText extract -> extractText(extract);
      case Command.Replace replace -> changing.replace(replace);
      case Command.Enclose enclose -> changing.enclose(enclose);
      case Command.Stop(int line) -> {
        watcher.step(line, "stop");
        return Flow.STOP;
      }
      case Command.Keep(int line, List<Template> flags) -> {
        implicitKeep = false;
        act(line, new Action.Keep(sending.flags(flags), false));
      }
      case Command.Discard(int line) -> {
        watcher.step(line, "discard");
        implicitKeep = false;
        discarded = Optional.of(running.getLast());
      }
      case Command.FileInto fileInto -> fileInto(fileInto);
      case Command.Redirect redirect -> redirect(redirect);
      case Command.SetVariable set -> {
        String value = modified(set.modifiers(), run.expand(set.value()));
        run.set(set.name(), value);
        watcher.step(set.line(), "set " + set.name() + ": " + Testing.shown(List.of(value)));
      }
      case Command.ChangeFlags change -> changeFlags(change);
      case Command.Fail(int _, Template sentence) -> throw run.problem(run.expand(sentence));
      case Command.Vacation vacation -> {
        Optional<Action.Vacation> answer = sending.vacation(vacation);
        // RFC 5230 §4.7: whether or not there is an answer to this message.
        if (vacations++ > 0) {
          throw run.problem("a run has one vacation");
        }
        if (answer.isPresent()) {
          act(vacation.line(), answer.get());
        }
      }
      case Command.Reject(int line, boolean atOnce, Template reason) -> {
        act(line, new Action.Reject(run.expand(reason), atOnce));
        implicitKeep = false;
      }
      case Command.Notify notify -> {
        Optional<Action.Notify> notification = sending.notification(notify);
        if (notification.isPresent()) {
          act(notify.line(), notification.get());
        }
      }
      case Command.AddHeader add -> addHeader(add);
      case Command.DeleteHeader delete -> {
        checkEdit();
        testing.delete(delete);
      }
      case Command.Include include -> {
        return include(include);
      }
      case Command.Return(int line) -> {
        watcher.step(line, "return");
        return Flow.RETURN;
      }
      case Command.Global(int _, List<String> names) -> run.share(names);
    }
    return Flow.ON;
  }

  /**
   * RFC 5228 §2.10.3: an action that is asked for twice is done once; of flags the last ones win
   * (RFC 5232 §3).
   */
  private void act(int line, Action action) throws RunException {
    watcher.step(line, Told.of(action));
    for (int i = 0; i < actions.size(); i++) {
      if (isSame(actions.get(i), action)) {
        actions.set(i, merged(actions.get(i), action));
        by.set(i, Optional.of(running.getLast()));
        return;
      }
    }
    boolean refused = actions.stream().anyMatch(Action.Reject.class::isInstance);
    boolean others = !actions.stream().allMatch(Action.Notify.class::isInstance);
    if (refused || action instanceof Action.Reject && others) {
      // RFC 5429 §2.4.
      throw run.problem("what is refused is not delivered, sent on or answered as well");
    }
    if (actions.size() >= limits.actions()) {
      throw run.problem("a run has at most " + limits.actions() + " actions");
    }
    actions.add(action);
    by.add(Optional.of(running.getLast()));
    // RFC 5703 §6: what is sent on has nothing around it.
    editions.add(action instanceof Action.Redirect ? message.unenclosed() : message.edition());
  }

  private static Action merged(Action before, Action again) {
    return before instanceof Action.FileInto one && again instanceof Action.FileInto other
        ? new Action.FileInto(
            one.mailbox(),
            one.create() || other.create(),
            other.flags(),
            one.specialUse(),
            one.mailboxId())
        : again;
  }

  private static boolean isSame(Action one, Action other) {
    return switch (one) {
      case Action.Keep _ -> other instanceof Action.Keep;
      case Action.FileInto into ->
          other instanceof Action.FileInto that
              && into.mailbox().equals(that.mailbox())
              && into.specialUse().equals(that.specialUse())
              && into.mailboxId().equals(that.mailboxId());
      case Action.Redirect(String address, DeliveryTerms _) ->
          other instanceof Action.Redirect that && address.equals(that.address());
      case Action.Vacation _, Action.Reject _, Action.Notify _ -> one.equals(other);
    };
  }

  private void fileInto(Command.FileInto command) throws RunException {
    Action.FileInto into = sending.into(command);
    implicitKeep &= command.copy();
    act(command.line(), into);
  }

  /** RFC 5293 §4. */
  private void addHeader(Command.AddHeader command) throws RunException {
    checkEdit();
    String name = run.expand(command.name());
    String value = oneLine(run.expand(command.value()));
    boolean fit =
        SieveMessage.isFieldName(name)
            && value.chars().noneMatch(c -> c < ' ' || c == 127)
            && value.length() <= limits.variableCharacters();
    if (!fit || !message.add(name, value, command.last())) {
      throw run.problem("this can be no field of a header");
    }
    watcher.step(command.line(), "add the field " + name + ": " + value);
  }

  /** Lines with a space in place of their ends, and of the blanks about these. */
  private static String oneLine(String text) {
    String[] lines = LINE_END.split(text, -1);
    StringBuilder one = new StringBuilder();
    for (int i = 0; i < lines.length; i++) {
      String line = lines[i];
      int from = 0;
      while (i > 0 && from < line.length() && isBlank(line.charAt(from))) {
        from++;
      }
      int to = line.length();
      while (i < lines.length - 1 && to > from && isBlank(line.charAt(to - 1))) {
        to--;
      }
      one.append(i > 0 ? " " : "").append(line, from, to);
    }
    return one.toString().strip();
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }

  private void checkEdit() throws RunException {
    if (!message.isEditable()) {
      throw run.problem("the message has no header that can be edited");
    }
    if (++edits > limits.actions()) {
      throw run.problem("a run edits the header at most " + limits.actions() + " times");
    }
  }

  private void redirect(Command.Redirect command) throws RunException {
    DeliveryTerms terms = redirecting.terms(command);
    for (MailAddress address : addresses(command)) {
      if (++redirects > limits.redirects()) {
        throw run.problem("a run redirects to at most " + limits.redirects() + " addresses");
      }
      implicitKeep &= command.copy();
      act(command.line(), new Action.Redirect(address.toString(), terms));
    }
  }

  /** One at least, so that no message goes nowhere. */
  private List<MailAddress> addresses(Command.Redirect command) throws RunException {
    String text = run.expand(command.address());
    if (!command.list()) {
      return List.of(
          Addresses.parse(text)
              .orElseThrow(() -> run.problem("this is no address to redirect to")));
    }
    List<MailAddress> listed = run.list(surroundings, text).recipients();
    if (listed.isEmpty()) {
      throw run.problem("there is nobody in the list " + text);
    }
    return listed;
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
            case ENCODEURL -> encoded(modified);
            case QUOTEWILDCARD -> modified.replaceAll("[*?\\\\]", "\\\\$0");
            case QUOTEREGEX -> Ere.quoted(modified);
            case LENGTH -> Integer.toString(modified.codePointCount(0, modified.length()));
          };
    }
    return modified;
  }

  /** RFC 5435 §6: all octets but the unreserved ones of RFC 3986 §2.3. */
  private String encoded(String text) {
    StringBuilder encoded = new StringBuilder();
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      boolean plain =
          octet >= 'a' && octet <= 'z'
              || octet >= 'A' && octet <= 'Z'
              || octet >= '0' && octet <= '9'
              || octet == '-'
              || octet == '.'
              || octet == '_'
              || octet == '~';
      if (plain) {
        encoded.append((char) octet);
      } else {
        encoded.append('%').append(HexFormat.of().withUpperCase().toHexDigits(octet));
      }
    }
    return run.cut(encoded.toString());
  }

  private static String first(String text, String changed) {
    return text.isEmpty() ? text : changed.charAt(0) + text.substring(1);
  }
}
