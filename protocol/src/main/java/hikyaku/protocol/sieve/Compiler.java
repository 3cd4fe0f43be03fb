package hikyaku.protocol.sieve;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.sieve.Command.ChangeFlags.Change;
import hikyaku.protocol.sieve.Command.Modifier;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Gives commands their meaning, and refuses what has none. */
final class Compiler {
  private static final long SECONDS_OF_A_DAY = 86_400;

  /** What is longer is as long. */
  private static final long MOST_DAYS = 36_500;

  private final Context context;
  private final TestCompiler tests;

  /** Names of variables that the script has set, and of those that it shares, up to here. */
  private final Set<String> set = new HashSet<>();

  private final Set<String> shared = new HashSet<>();

  /** Names of the loops around the command at hand, the inner one last; empty for one without. */
  private final List<String> loops = new ArrayList<>();

  Compiler(Set<Extension> offered, SieveLimits limits) {
    this.context = new Context(offered, limits);
    this.tests = new TestCompiler(context);
  }

  Script compile(List<Node> nodes) throws SieveException {
    int at = 0;
    // RFC 5228 §3.2: before all other commands.
    while (at < nodes.size() && nodes.get(at).name().equals("require")) {
      require(nodes.get(at++));
    }
    List<Command> commands = block(nodes.subList(at, nodes.size()));
    return new Script(context.required(), commands, context.redirections());
  }

  private void require(Node node) throws SieveException {
    refuseTests(node);
    Arguments arguments = new Arguments(node, context);
    List<String> names = new ArrayList<>();
    for (Node.Argument argument : node.arguments()) {
      if (argument instanceof Node.Argument.Strings strings) {
        names.addAll(strings.values());
      }
    }
    arguments.strings("what is required");
    arguments.end();
    List<String> unknown = names.stream().filter(name -> !context.offers(name)).distinct().toList();
    if (!unknown.isEmpty()) {
      throw new SieveException(node.at(), Unknown.sentence(unknown));
    }
    for (String name : names) {
      context.require(node.at(), name);
    }
  }

  private List<Command> block(List<Node> nodes) throws SieveException {
    List<Command> commands = new ArrayList<>();
    int at = 0;
    while (at < nodes.size()) {
      Node node = nodes.get(at);
      if (node.name().equals("if")) {
        int end = at + 1;
        while (end < nodes.size() && isElse(nodes.get(end))) {
          end++;
        }
        commands.add(choice(nodes.subList(at, end)));
        at = end;
      } else if (node.name().equals("foreverypart")) {
        commands.add(loop(node));
        at++;
      } else {
        commands.add(command(node));
        at++;
      }
    }
    return commands;
  }

  private static boolean isElse(Node node) {
    return node.name().equals("elsif") || node.name().equals("else");
  }

  private Command choice(List<Node> nodes) throws SieveException {
    List<Command.If.Branch> branches = new ArrayList<>();
    boolean closed = false;
    // RFC 5463 §4: a branch that is never taken may need what is not there, and is not looked at.
    boolean decided = false;
    for (Node node : nodes) {
      if (closed) {
        throw new SieveException(node.at(), node.name() + " cannot follow else");
      }
      closed = node.name().equals("else");
      if (node.block() == null) {
        throw new SieveException(node.at(), node.name() + " must have a block in braces");
      }
      if (!node.arguments().isEmpty() || node.tests().size() != (closed ? 0 : 1)) {
        throw new SieveException(
            node.at(),
            node.name()
                + (closed ? " has no test; else if is one word, elsif" : " must have one test"));
      }
      if (node.list()) {
        throw new SieveException(node.at(), node.name() + " has its test without brackets");
      }
      int line = node.at().line();
      if (decided) {
        continue;
      }
      Optional<Boolean> known =
          closed || !context.has(Extension.IHAVE)
              ? Optional.empty()
              : tests.decided(node.tests().getFirst());
      if (known.equals(Optional.of(false))) {
        branches.add(new Command.If.Branch(new Test.Constant(line, false), List.of()));
        continue;
      }
      Test test = closed ? new Test.Constant(line, true) : tests.test(node.tests().getFirst());
      branches.add(new Command.If.Branch(test, block(node.block())));
      decided = known.isPresent();
    }
    return new Command.If(nodes.getFirst().at().line(), branches);
  }

  /** RFC 5703 §3. */
  private Command loop(Node node) throws SieveException {
    context.need(Extension.FOREVERYPART, node.at(), "foreverypart");
    if (node.block() == null) {
      throw new SieveException(node.at(), "foreverypart must have a block in braces");
    }
    if (!node.tests().isEmpty()) {
      throw new SieveException(node.at(), "foreverypart has no test");
    }
    Arguments arguments = new Arguments(node, context);
    String name = arguments.taggedConstant("name", null);
    arguments.end();
    if (loops.size() >= context.limits().loops()) {
      throw new SieveException(
          node.at(),
          "loops may be at most " + context.limits().loops() + " deep inside one another");
    }
    loops.add(name == null ? "" : name);
    List<Command> block = block(node.block());
    loops.removeLast();
    return new Command.ForEveryPart(node.at().line(), block);
  }

  private Command leave(Node node, Arguments arguments) throws SieveException {
    context.need(Extension.FOREVERYPART, node.at(), "break");
    String name = arguments.taggedConstant("name", null);
    if (loops.isEmpty()) {
      throw new SieveException(node.at(), "break must stand in a foreverypart");
    }
    int named = name == null ? loops.size() - 1 : loops.lastIndexOf(name);
    if (named < 0 || "".equals(name)) {
      throw new SieveException(node.at(), "no foreverypart around this break has its name");
    }
    return new Command.Break(node.at().line(), loops.size() - named);
  }

  /** RFC 5703 §7. */
  private Command extractText(Node node, Arguments arguments) throws SieveException {
    context.need(Extension.EXTRACTTEXT, node.at(), "extracttext");
    context.need(Extension.VARIABLES, node.at(), "extracttext");
    if (loops.isEmpty()) {
      throw new SieveException(node.at(), "extracttext must stand in a foreverypart");
    }
    List<Modifier> modifiers = modifiers(node, arguments);
    Long first =
        arguments.taggedNumber("first", null).map(Node.Argument.Number::value).orElse(null);
    String name = arguments.variable("the name");
    return new Command.ExtractText(node.at().line(), modifiers, first, name);
  }

  /** RFC 5703 §5. */
  private Command replace(Node node, Arguments arguments) throws SieveException {
    context.need(Extension.REPLACE, node.at(), "replace");
    boolean mime = arguments.flag("mime", null);
    Template subject = arguments.tagged("subject", null);
    Template from = arguments.tagged("from", null);
    if (mime && (subject != null || from != null)) {
      throw new SieveException(node.at(), "replace has no :subject and no :from with :mime");
    }
    checkAddresses(node, from);
    return new Command.Replace(
        node.at().line(), mime, subject, from, arguments.string("the replacement"));
  }

  /** RFC 5703 §6. */
  private Command enclose(Node node, Arguments arguments) throws SieveException {
    context.need(Extension.ENCLOSE, node.at(), "enclose");
    Template subject = arguments.tagged("subject", null);
    List<Template> headers = arguments.taggedList("headers", null);
    List<Template> copied = headers == null ? List.of() : headers;
    for (Template name : copied) {
      Optional<String> constant = name.constant();
      if (constant.filter(SieveMessage::isOfContent).isPresent()) {
        throw new SieveException(node.at(), constant.get() + Changing.COPIES_NOT);
      }
      if (constant.filter(field -> !SieveMessage.isFieldName(field)).isPresent()) {
        throw new SieveException(node.at(), "this is no name of a field: " + constant.get());
      }
    }
    return new Command.Enclose(node.at().line(), subject, copied, arguments.string("the text"));
  }

  private static void refuseTests(Node node) throws SieveException {
    if (!node.tests().isEmpty()) {
      Node next = node.tests().getFirst();
      throw new SieveException(
          node.at(),
          "expected ; behind "
              + node.name()
              + ", found "
              + (node.list() ? "(" : next.name())
              + " in line "
              + next.at().line());
    }
    if (node.block() != null) {
      throw new SieveException(node.at(), node.name() + " has no block");
    }
  }

  private Command command(Node node) throws SieveException {
    int line = node.at().line();
    Arguments arguments = new Arguments(node, context);
    Command command =
        switch (node.name()) {
          case "break" -> leave(node, arguments);
          case "extracttext" -> extractText(node, arguments);
          case "replace" -> replace(node, arguments);
          case "enclose" -> enclose(node, arguments);
          case "stop" -> new Command.Stop(line);
          case "discard" -> new Command.Discard(line);
          case "keep" -> new Command.Keep(line, flags(arguments));
          case "redirect" -> redirect(node, arguments);
          case "vacation" -> vacation(node, arguments);
          case "reject" -> {
            context.need(Extension.REJECT, node.at(), "reject");
            yield new Command.Reject(line, false, arguments.string("the reason"));
          }
          case "ereject" -> {
            context.need(Extension.EREJECT, node.at(), "ereject");
            yield new Command.Reject(line, true, arguments.string("the reason"));
          }
          case "notify" -> notify(node, arguments);
          case "addheader" -> {
            context.need(Extension.EDITHEADER, node.at(), "addheader");
            boolean last = arguments.flag("last", null);
            Template name = field(node, arguments);
            yield new Command.AddHeader(line, last, name, arguments.string("the value"));
          }
          case "deleteheader" -> deleteHeader(node, arguments);
          case "include" -> include(node, arguments);
          case "return" -> {
            context.need(Extension.INCLUDE, node.at(), "return");
            yield new Command.Return(line);
          }
          case "global" -> global(node, arguments);
          case "fileinto" -> fileInto(node, arguments);
          case "set" -> set(node, arguments);
          case "setflag" -> changeFlags(node, arguments, Change.SET);
          case "addflag" -> changeFlags(node, arguments, Change.ADD);
          case "removeflag" -> changeFlags(node, arguments, Change.REMOVE);
          case "error" -> {
            context.need(Extension.IHAVE, node.at(), "error");
            yield new Command.Fail(line, arguments.string("what is wrong"));
          }
          case "require" ->
              throw new SieveException(node.at(), "require must stand before all other commands");
          case "elsif", "else" ->
              throw new SieveException(node.at(), node.name() + " must follow an if");
          default -> throw new SieveException(node.at(), "there is no command " + node.name());
        };
    refuseTests(node);
    arguments.end();
    return command;
  }

  private static @Nullable List<Template> flags(Arguments arguments) throws SieveException {
    return arguments.taggedList("flags", Extension.IMAP4FLAGS);
  }

  private Command redirect(Node node, Arguments arguments) throws SieveException {
    boolean copy = arguments.flag("copy", Extension.COPY);
    boolean list = arguments.flag("list", Extension.EXTLISTS);
    Redirecting.Tags tags = Redirecting.tags(node, arguments);
    Template address = arguments.string(list ? "the list" : "the address");
    Optional<String> constant = address.constant();
    if (list) {
      if (constant.isPresent()) {
        Arguments.checkList(node.at(), constant.get());
      }
    } else if (constant.isPresent()) {
      MailAddress parsed =
          Addresses.parse(constant.get())
              .orElseThrow(
                  () -> new SieveException(node.at(), "this is no address: " + constant.get()));
      context.redirectsTo(node.at(), parsed.toString());
    }
    return new Command.Redirect(
        node.at().line(), address, copy, list, tags.notifyOn(), tags.ret(), tags.by());
  }

  private Command fileInto(Node node, Arguments arguments) throws SieveException {
    context.need(Extension.FILEINTO, node.at(), "fileinto");
    return into(
        node,
        new Command.FileInto(
            node.at().line(),
            arguments.flag("copy", Extension.COPY),
            arguments.flag("create", Extension.MAILBOX),
            flags(arguments),
            arguments.tagged("specialuse", Extension.SPECIAL_USE),
            arguments.tagged("mailboxid", Extension.MAILBOXID),
            arguments.string("the mailbox")));
  }

  /** RFC 9042 §4.2, §5. */
  private static Command.FileInto into(Node node, Command.FileInto into) throws SieveException {
    if (into.specialUse() != null && into.mailboxId() != null) {
      throw new SieveException(node.at(), node.name() + " has :specialuse or :mailboxid, not both");
    }
    return into;
  }

  /** Where what is sent is kept (RFC 8580 §3). */
  private static Command.@Nullable FileInto copy(Node node, Arguments arguments)
      throws SieveException {
    Template mailbox = arguments.tagged("fcc", Extension.FCC);
    if (mailbox == null) {
      return null;
    }
    return into(
        node,
        new Command.FileInto(
            node.at().line(),
            false,
            arguments.flag("create", Extension.MAILBOX),
            flags(arguments),
            arguments.tagged("specialuse", Extension.SPECIAL_USE),
            arguments.tagged("mailboxid", Extension.MAILBOXID),
            mailbox));
  }

  private Command vacation(Node node, Arguments arguments) throws SieveException {
    context.need(Extension.VACATION, node.at(), "vacation");
    Optional<Node.Argument.Number> days = arguments.taggedNumber("days", null);
    Optional<Node.Argument.Number> seconds =
        arguments.taggedNumber("seconds", Extension.VACATION_SECONDS);
    if (days.isPresent() && seconds.isPresent()) {
      throw new SieveException(node.at(), "vacation has :days or :seconds, not both");
    }
    // RFC 5230 §4.1: what is out of bounds is taken for the bound.
    Long period =
        days.map(number -> Math.clamp(number.value(), 1, MOST_DAYS) * SECONDS_OF_A_DAY)
            .or(() -> seconds.map(Node.Argument.Number::value))
            .orElse(null);
    List<Template> addresses = arguments.taggedList("addresses", null);
    Template subject = arguments.tagged("subject", null);
    Template from = arguments.tagged("from", null);
    checkAddresses(node, from);
    boolean mime = arguments.flag("mime", null);
    Template handle = arguments.tagged("handle", null);
    Command.FileInto copy = copy(node, arguments);
    Template reason = arguments.string("the reason");
    if (mime && reason.constant().filter(text -> !Sending.hasPlainHeader(text)).isPresent()) {
      throw new SieveException(node.at(), Sending.HEADER_NOT_PLAIN);
    }
    return new Command.Vacation(
        node.at().line(),
        period,
        subject,
        from,
        addresses == null ? List.of() : addresses,
        mime,
        handle,
        copy,
        reason);
  }

  private static void checkAddresses(Node node, @Nullable Template from) throws SieveException {
    if (from != null
        && from.constant().filter(text -> Addresses.mailboxes(text).isEmpty()).isPresent()) {
      throw new SieveException(node.at(), "this is no list of addresses: " + from.constant().get());
    }
  }

  private Command notify(Node node, Arguments arguments) throws SieveException {
    context.need(Extension.ENOTIFY, node.at(), "notify");
    Template from = arguments.tagged("from", null);
    Template importance = arguments.tagged("importance", null);
    arguments.taggedList("options", null); // RFC 5436 §2.5: none of them means anything to mailto
    Template message = arguments.tagged("message", null);
    Command.FileInto copy = copy(node, arguments);
    Template method = arguments.string("the method");
    if (importance != null
        && importance.constant().filter(value -> !value.matches("[123]")).isPresent()) {
      throw new SieveException(node.at(), ":importance is \"1\", \"2\" or \"3\"");
    }
    Optional<String> constant = method.constant();
    if (constant.isPresent()) {
      try {
        MailtoUri.parse(constant.get());
      } catch (IllegalArgumentException e) {
        throw new SieveException(node.at(), String.valueOf(e.getMessage()));
      }
    }
    return new Command.Notify(node.at().line(), from, importance, message, copy, method);
  }

  private static Template field(Node node, Arguments arguments) throws SieveException {
    Template name = arguments.string("the field");
    if (name.constant().filter(field -> !SieveMessage.isFieldName(field)).isPresent()) {
      throw new SieveException(node.at(), "this is no name of a field: " + name.constant().get());
    }
    return name;
  }

  private Command deleteHeader(Node node, Arguments arguments) throws SieveException {
    context.need(Extension.EDITHEADER, node.at(), "deleteheader");
    Test.Index index = arguments.indexOfEdit();
    Match match = arguments.match();
    Template name = field(node, arguments);
    List<Template> values = arguments.positional() > 0 ? arguments.keys("the values") : null;
    return new Command.DeleteHeader(node.at().line(), match, index, name, values);
  }

  private Command include(Node node, Arguments arguments) throws SieveException {
    context.need(Extension.INCLUDE, node.at(), "include");
    boolean global = arguments.flag("global", null);
    if (arguments.flag("personal", null) && global) {
      throw new SieveException(node.at(), "include has :personal or :global, not both");
    }
    boolean once = arguments.flag("once", null);
    boolean optional = arguments.flag("optional", null);
    String name = Arguments.constant(arguments.string("the script"), node.at());
    if (!ScriptName.isValid(name)) {
      throw new SieveException(node.at(), "no script can have the name that include gives");
    }
    return new Command.Include(node.at().line(), global, once, optional, name);
  }

  private Command global(Node node, Arguments arguments) throws SieveException {
    context.need(Extension.INCLUDE, node.at(), "global");
    context.need(Extension.VARIABLES, node.at(), "global");
    List<String> names = new ArrayList<>();
    for (Template each : arguments.strings("the variables")) {
      String name = Arguments.variable(each, node.at(), false);
      if (set.contains(name) && !shared.contains(name)) {
        throw new SieveException(
            node.at(), "the variable " + name + " was set before it is made global");
      }
      shared.add(name);
      names.add(name);
    }
    return new Command.Global(node.at().line(), names);
  }

  private Command set(Node node, Arguments arguments) throws SieveException {
    context.need(Extension.VARIABLES, node.at(), "set");
    List<Modifier> modifiers = modifiers(node, arguments);
    String name = arguments.variable("the name");
    set.add(name);
    return new Command.SetVariable(
        node.at().line(), name, modifiers, arguments.string("the value"));
  }

  private static List<Modifier> modifiers(Node node, Arguments arguments) throws SieveException {
    List<Modifier> modifiers = new ArrayList<>();
    for (Modifier modifier : Modifier.values()) {
      Extension extension =
          switch (modifier) {
            case ENCODEURL -> Extension.ENOTIFY;
            case QUOTEREGEX -> Extension.REGEX;
            default -> null;
          };
      if (arguments.flag(modifier.name().toLowerCase(Locale.ROOT), extension)) {
        if (!modifiers.isEmpty() && modifiers.getLast().precedence() == modifier.precedence()) {
          throw new SieveException(node.at(), "these two modifiers do not go together");
        }
        modifiers.add(modifier);
      }
    }
    return modifiers;
  }

  private Command changeFlags(Node node, Arguments arguments, Change change) throws SieveException {
    context.need(Extension.IMAP4FLAGS, node.at(), node.name());
    String variable = null;
    if (arguments.positional() > 1) {
      context.need(Extension.VARIABLES, node.at(), "a variable for flags");
      variable = arguments.variable("the variable");
    }
    return new Command.ChangeFlags(
        node.at().line(), change, variable, arguments.strings("the flags"));
  }
}
