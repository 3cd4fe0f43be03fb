package hikyaku.protocol.sieve;

import hikyaku.protocol.sieve.Test.BodyTransform;
import hikyaku.protocol.sieve.Test.Zone;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Gives tests their meaning, and refuses what has none. */
final class TestCompiler {
  private static final Pattern ZONE = Pattern.compile("([+-])([0-9]{2})([0-5][0-9])");

  private final Context context;

  TestCompiler(Context context) {
    this.context = context;
  }

  /** What is known of a test without a message: only that of ihave and what is made of it. */
  Optional<Boolean> decided(Node node) throws SieveException {
    return switch (node.name()) {
      case "ihave" -> context.has(Extension.IHAVE) ? Optional.of(has(node)) : Optional.empty();
      case "true" -> Optional.of(true);
      case "false" -> Optional.of(false);
      case "not" ->
          node.tests().size() == 1
              ? decided(node.tests().getFirst()).map(value -> !value)
              : Optional.empty();
      case "allof" -> decided(node, false);
      case "anyof" -> decided(node, true);
      default -> Optional.empty();
    };
  }

  private Optional<Boolean> decided(Node node, boolean by) throws SieveException {
    boolean all = !node.tests().isEmpty();
    for (Node test : node.tests()) {
      Optional<Boolean> each = decided(test);
      if (each.equals(Optional.of(by))) {
        return each;
      }
      all &= each.isPresent();
    }
    return all ? Optional.of(!by) : Optional.empty();
  }

  private boolean has(Node node) throws SieveException {
    Arguments arguments = new Arguments(node, context);
    List<Template> names = arguments.strings("what is asked for");
    arguments.end();
    for (Template name : names) {
      if (!context.has(Arguments.constant(name, node.at()))) {
        return false;
      }
    }
    return true;
  }

  Test test(Node node) throws SieveException {
    int line = node.at().line();
    return switch (node.name()) {
      case "not" -> {
        Arguments arguments = new Arguments(node, context);
        arguments.end();
        if (node.tests().size() != 1 || node.list()) {
          throw new SieveException(node.at(), "not must have one test, without brackets");
        }
        yield new Test.Not(line, test(node.tests().getFirst()));
      }
      case "allof" -> new Test.AllOf(line, several(node, false));
      case "anyof" -> new Test.AnyOf(line, several(node, true));
      default -> {
        if (!node.tests().isEmpty()) {
          Node next = node.tests().getFirst();
          throw new SieveException(
              next.at(),
              "expected the end of the test "
                  + node.name()
                  + ", found "
                  + next.name()
                  + "; tests go together as allof (..., ...) and anyof (..., ...)");
        }
        Arguments arguments = new Arguments(node, context);
        Test test = single(node, line, arguments);
        arguments.end();
        yield test;
      }
    };
  }

  /**
   * RFC 5463 §4: behind a test that decides, those are not looked at that need what is not there.
   */
  private List<Test> several(Node node, boolean decides) throws SieveException {
    new Arguments(node, context).end();
    if (!node.list()) {
      throw new SieveException(node.at(), node.name() + " must have tests in brackets");
    }
    List<Test> tests = new ArrayList<>();
    for (Node each : node.tests()) {
      boolean last = context.has(Extension.IHAVE) && decided(each).equals(Optional.of(decides));
      tests.add(last ? new Test.Constant(each.at().line(), decides) : test(each));
      if (last) {
        break;
      }
    }
    return tests;
  }

  private static Test metadata(
      int line, Arguments arguments, Match match, @Nullable Template mailbox)
      throws SieveException {
    return new Test.Metadata(
        line, match, mailbox, arguments.string("the annotation"), arguments.keys("the keys"));
  }

  private Test single(Node node, int line, Arguments arguments) throws SieveException {
    return switch (node.name()) {
      case "true" -> new Test.Constant(line, true);
      case "false" -> new Test.Constant(line, false);
      case "ihave" -> ihave(node, line, arguments);
      case "exists" ->
          new Test.Exists(line, arguments.mime(false), arguments.strings("the fields"));
      case "size" -> size(node, line, arguments);
      case "header" ->
          new Test.Header(
              line,
              arguments.mime(true),
              arguments.match(),
              arguments.index(),
              arguments.strings("the fields"),
              arguments.keys("the keys"));
      case "address" -> address(node, line, arguments);
      case "envelope" -> envelope(node, line, arguments);
      case "string" -> {
        context.need(Extension.VARIABLES, node.at(), "string");
        yield new Test.Text(
            line, arguments.match(), arguments.strings("the values"), arguments.keys("the keys"));
      }
      case "body" -> body(node, line, arguments);
      case "hasflag" -> hasFlag(node, line, arguments);
      case "date" -> date(node, line, arguments);
      case "currentdate" -> currentDate(node, line, arguments);
      case "mailboxexists" -> {
        context.need(Extension.MAILBOX, node.at(), "mailboxexists");
        yield new Test.MailboxExists(line, arguments.strings("the mailboxes"));
      }
      case "metadata" -> {
        context.need(Extension.MBOXMETADATA, node.at(), "metadata");
        yield metadata(line, arguments, arguments.match(), arguments.string("the mailbox"));
      }
      case "metadataexists" -> {
        context.need(Extension.MBOXMETADATA, node.at(), "metadataexists");
        yield new Test.MetadataExists(
            line, arguments.string("the mailbox"), arguments.strings("the annotations"));
      }
      case "servermetadata" -> {
        context.need(Extension.SERVERMETADATA, node.at(), "servermetadata");
        yield metadata(line, arguments, arguments.match(), null);
      }
      case "servermetadataexists" -> {
        context.need(Extension.SERVERMETADATA, node.at(), "servermetadataexists");
        yield new Test.MetadataExists(line, null, arguments.strings("the annotations"));
      }
      case "specialuse_exists" -> {
        context.need(Extension.SPECIAL_USE, node.at(), "specialuse_exists");
        Template mailbox = arguments.positional() > 1 ? arguments.string("the mailbox") : null;
        yield new Test.SpecialUseExists(line, mailbox, arguments.strings("the uses"));
      }
      case "mailboxidexists" -> {
        context.need(Extension.MAILBOXID, node.at(), "mailboxidexists");
        yield new Test.MailboxIdExists(line, arguments.strings("the ids"));
      }
      case "duplicate" -> duplicate(node, line, arguments);
      case "valid_ext_list" -> {
        context.need(Extension.EXTLISTS, node.at(), "valid_ext_list");
        yield new Test.ValidExtList(line, arguments.strings("the lists"));
      }
      case "valid_notify_method" -> {
        context.need(Extension.ENOTIFY, node.at(), "valid_notify_method");
        yield new Test.ValidNotifyMethod(line, arguments.strings("the methods"));
      }
      case "notify_method_capability" -> {
        context.need(Extension.ENOTIFY, node.at(), "notify_method_capability");
        yield new Test.NotifyMethodCapability(
            line,
            arguments.match(),
            arguments.string("the method"),
            arguments.string("the capability"),
            arguments.keys("the keys"));
      }
      case "spamtest" -> {
        context.need(Extension.SPAMTEST, node.at(), "spamtest");
        yield new Test.Spam(
            line,
            arguments.match(),
            arguments.flag("percent", Extension.SPAMTESTPLUS),
            arguments.key("the value"));
      }
      case "virustest" -> {
        context.need(Extension.VIRUSTEST, node.at(), "virustest");
        yield new Test.Virus(line, arguments.match(), arguments.key("the value"));
      }
      case "environment" -> {
        context.need(Extension.ENVIRONMENT, node.at(), "environment");
        yield new Test.Environment(
            line, arguments.match(), arguments.string("the item"), arguments.keys("the keys"));
      }
      default -> throw new SieveException(node.at(), "there is no test " + node.name());
    };
  }

  /** One that is true requires what it asked for (RFC 5463 §4). */
  private Test ihave(Node node, int line, Arguments arguments) throws SieveException {
    context.need(Extension.IHAVE, node.at(), "ihave");
    boolean has = has(node);
    for (Template name : arguments.strings("what is asked for")) {
      if (has) {
        context.require(node.at(), Arguments.constant(name, node.at()));
      }
    }
    return new Test.Constant(line, has);
  }

  private Test duplicate(Node node, int line, Arguments arguments) throws SieveException {
    context.need(Extension.DUPLICATE, node.at(), "duplicate");
    Template header = arguments.tagged("header", null);
    Template id = arguments.tagged("uniqueid", null);
    if (header != null && id != null) {
      throw new SieveException(node.at(), "duplicate has :header or :uniqueid, not both");
    }
    return new Test.Duplicate(
        line,
        arguments.tagged("handle", null),
        header,
        id,
        arguments.taggedNumber("seconds", null).map(Node.Argument.Number::value).orElse(null),
        arguments.flag("last", null));
  }

  private static Test size(Node node, int line, Arguments arguments) throws SieveException {
    boolean over = arguments.flag("over", null);
    boolean under = arguments.flag("under", null);
    if (over == under) {
      throw new SieveException(node.at(), "size must have either :over or :under");
    }
    return new Test.Size(line, over, arguments.number("the size"));
  }

  private static Test address(Node node, int line, Arguments arguments) throws SieveException {
    Test.Address test =
        new Test.Address(
            line,
            arguments.mime(false),
            arguments.match(),
            arguments.addressPart(),
            arguments.index(),
            arguments.strings("the fields"),
            arguments.keys("the keys"));
    for (Template header : test.headers()) {
      Optional<String> name =
          header.constant().filter(field -> !Addresses.isAddressField(field, test.mime()));
      if (name.isPresent()) {
        throw new SieveException(node.at(), "the field " + name.get() + " has no addresses");
      }
    }
    return test;
  }

  private Test envelope(Node node, int line, Arguments arguments) throws SieveException {
    context.need(Extension.ENVELOPE, node.at(), "envelope");
    Test.Envelope test =
        new Test.Envelope(
            line,
            arguments.match(),
            arguments.addressPartIfAny(),
            zone(node, arguments.taggedConstant("zone", Extension.ENVELOPE_DELIVERBY)),
            envelopeParts(),
            arguments.strings("the parts of the envelope"),
            arguments.keys("the keys"));
    for (Template field : test.fields()) {
      Optional<String> name = field.constant();
      if (name.isPresent()) {
        check(node, test, name.get());
      }
    }
    return test;
  }

  /** Those for which the script requires what they need. */
  private Set<EnvelopePart> envelopeParts() {
    Set<EnvelopePart> parts = EnumSet.noneOf(EnvelopePart.class);
    for (EnvelopePart part : EnvelopePart.values()) {
      Extension extension = part.extension();
      if (extension == null || context.has(extension)) {
        parts.add(part);
      }
    }
    return parts;
  }

  private void check(Node node, Test.Envelope test, String name) throws SieveException {
    EnvelopePart part =
        EnvelopePart.of(name)
            .orElseThrow(() -> new SieveException(node.at(), EnvelopeTesting.unknown(name)));
    Extension extension = part.extension();
    if (extension != null) {
      context.need(extension, node.at(), "\"" + name + "\" of the envelope");
    }
    if (!part.isAddress() && test.part() != null) {
      throw new SieveException(node.at(), EnvelopeTesting.noAddress(part));
    }
  }

  private Test body(Node node, int line, Arguments arguments) throws SieveException {
    context.need(Extension.BODY, node.at(), "body");
    Match match = arguments.match();
    boolean raw = arguments.flag("raw", null);
    boolean text = arguments.flag("text", null);
    List<Template> content = arguments.taggedList("content", null);
    if ((raw ? 1 : 0) + (text ? 1 : 0) + (content == null ? 0 : 1) > 1) {
      throw new SieveException(node.at(), "body has one of :raw, :content and :text");
    }
    BodyTransform transform =
        raw ? BodyTransform.RAW : content == null ? BodyTransform.TEXT : BodyTransform.CONTENT;
    return new Test.Body(
        line, match, transform, content == null ? List.of() : content, arguments.keys("the keys"));
  }

  private Test hasFlag(Node node, int line, Arguments arguments) throws SieveException {
    context.need(Extension.IMAP4FLAGS, node.at(), "hasflag");
    Match match = arguments.match();
    List<String> variables = null;
    if (arguments.positional() > 1) {
      context.need(Extension.VARIABLES, node.at(), "a variable for flags");
      variables = arguments.variables("the variables");
    }
    return new Test.HasFlag(line, match, variables, arguments.keys("the flags"));
  }

  private Test date(Node node, int line, Arguments arguments) throws SieveException {
    context.need(Extension.DATE, node.at(), "date");
    boolean original = arguments.flag("originalzone", null);
    Zone zone = zone(node, arguments.taggedConstant("zone", null));
    if (original && !zone.equals(new Zone.Local())) {
      throw new SieveException(node.at(), ":zone and :originalzone do not go together");
    }
    return new Test.Date(
        line,
        arguments.match(),
        original ? new Zone.Original() : zone,
        arguments.index(),
        arguments.string("the field"),
        part(node, arguments),
        arguments.keys("the keys"));
  }

  private Test currentDate(Node node, int line, Arguments arguments) throws SieveException {
    context.need(Extension.DATE, node.at(), "currentdate");
    Zone zone = zone(node, arguments.taggedConstant("zone", null));
    return new Test.Date(
        line,
        arguments.match(),
        zone,
        Test.Index.ALL,
        null,
        part(node, arguments),
        arguments.keys("the keys"));
  }

  private static Template part(Node node, Arguments arguments) throws SieveException {
    Template part = arguments.string("the part of the date");
    Optional<String> unknown =
        part.constant().filter(name -> !DatePart.isKnown(Collation.asciiLower(name)));
    if (unknown.isPresent()) {
      throw new SieveException(node.at(), "a date has no part " + unknown.get());
    }
    return part;
  }

  private static Zone zone(Node node, @Nullable String text) throws SieveException {
    if (text == null) {
      return new Zone.Local();
    }
    Matcher zone = ZONE.matcher(text);
    if (!zone.matches() || Integer.parseInt(zone.group(2)) > 18) {
      throw new SieveException(node.at(), "a zone is as +0900, not " + text);
    }
    int minutes = Integer.parseInt(zone.group(2)) * 60 + Integer.parseInt(zone.group(3));
    int seconds = Math.min(minutes, 18 * 60) * 60;
    return new Zone.Offset(zone.group(1).equals("-") ? -seconds : seconds);
  }
}
