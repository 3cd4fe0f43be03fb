package hikyaku.protocol.sieve;

import hikyaku.protocol.sieve.Node.Argument;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a command or test, taken one by one; {@link #end} complains of what is left.
 * Tags are taken before what has none, and may stand in any order (RFC 5228 §2.6.2).
 */
final class Arguments {
  private final Node node;
  private final Context context;
  private final List<Argument> left;

  Arguments(Node node, Context context) {
    this.node = node;
    this.context = context;
    this.left = new ArrayList<>(node.arguments());
  }

  private @Nullable Position tag(String name, @Nullable Extension extension) throws SieveException {
    for (int i = 0; i < left.size(); i++) {
      if (left.get(i) instanceof Argument.Tag(Position at, String found) && found.equals(name)) {
        if (extension != null) {
          context.need(extension, at, ":" + name);
        }
        left.remove(i);
        taken = i;
        return at;
      }
    }
    return null;
  }

  /** Where the tag stood that was taken last: its value is there now. */
  private int taken;

  /** Whether a tag without a value is there. */
  boolean flag(String name, @Nullable Extension extension) throws SieveException {
    return tag(name, extension) != null;
  }

  /** The string behind a tag. */
  @Nullable Template tagged(String name, @Nullable Extension extension) throws SieveException {
    Position at = tag(name, extension);
    if (at == null) {
      return null;
    }
    Argument.Strings value = valueOfTag(at, name, Argument.Strings.class, "a string");
    return one(value);
  }

  /** The list of strings behind a tag. */
  @Nullable List<Template> taggedList(String name, @Nullable Extension extension)
      throws SieveException {
    Position at = tag(name, extension);
    if (at == null) {
      return null;
    }
    return templates(valueOfTag(at, name, Argument.Strings.class, "a list of strings"));
  }

  /** The number behind a tag. */
  Optional<Argument.Number> taggedNumber(String name, @Nullable Extension extension)
      throws SieveException {
    Position at = tag(name, extension);
    return at == null
        ? Optional.empty()
        : Optional.of(valueOfTag(at, name, Argument.Number.class, "a number"));
  }

  private <T extends Argument> T valueOfTag(Position at, String name, Class<T> type, String wanted)
      throws SieveException {
    if (taken < left.size() && type.isInstance(left.get(taken))) {
      return type.cast(left.remove(taken));
    }
    throw new SieveException(at, ":" + name + " must be followed by " + wanted);
  }

  /** The same, where it must be the same in every run. */
  @Nullable String taggedConstant(String name, @Nullable Extension extension)
      throws SieveException {
    Template value = tagged(name, extension);
    return value == null ? null : constant(value, node.at());
  }

  static String constant(Template value, Position at) throws SieveException {
    return value
        .constant()
        .orElseThrow(() -> new SieveException(at, "no variables may stand in this string"));
  }

  /** How many arguments without a tag are left. */
  int positional() {
    return (int) left.stream().filter(each -> !(each instanceof Argument.Tag)).count();
  }

  /** The next argument, a string. */
  Template string(String what) throws SieveException {
    return one(next(Argument.Strings.class, what + ", a string,"));
  }

  /** The next argument, a string or a list of them. */
  List<Template> strings(String what) throws SieveException {
    return templates(next(Argument.Strings.class, what + ", a list of strings,"));
  }

  /** The next argument, the name of a variable. */
  String variable(String what) throws SieveException {
    return variable(string(what), node.at(), context.has(Extension.INCLUDE));
  }

  /** The next argument, names of variables. */
  List<String> variables(String what) throws SieveException {
    List<String> names = new ArrayList<>();
    for (Template each : strings(what)) {
      names.add(variable(each, node.at(), context.has(Extension.INCLUDE)));
    }
    return names;
  }

  /**
   * The name of a variable, in lower case.
   *
   * @param global whether it may be one of those for all scripts (RFC 6609 §3.4.2)
   */
  static String variable(Template name, Position at, boolean global) throws SieveException {
    String constant = constant(name, at);
    String lower = constant.toLowerCase(Locale.ROOT);
    boolean ofAll = global && lower.startsWith(Run.GLOBAL);
    String own = ofAll ? constant.substring(Run.GLOBAL.length()) : constant;
    if (!Template.IDENTIFIER.matcher(own).matches()) {
      throw new SieveException(at, "this is no name of a variable: " + constant);
    }
    return lower;
  }

  long number(String what) throws SieveException {
    return next(Argument.Number.class, what + ", a number,").value();
  }

  private <T extends Argument> T next(Class<T> type, String what) throws SieveException {
    if (!left.isEmpty()) {
      Argument first = left.getFirst();
      if (first instanceof Argument.Tag) {
        throw left(first);
      }
      if (type.isInstance(first)) {
        return type.cast(left.removeFirst());
      }
      throw new SieveException(first.at(), what + " is expected here");
    }
    throw new SieveException(
        node.at(), node.name() + " lacks an argument: " + what + " is missing");
  }

  private Template one(Argument.Strings strings) throws SieveException {
    if (strings.list() && strings.values().size() != 1) {
      throw new SieveException(strings.at(), "one string is expected here, not a list");
    }
    return context.template(strings.at(), strings.values().getFirst());
  }

  private List<Template> templates(Argument.Strings strings) throws SieveException {
    List<Template> templates = new ArrayList<>();
    for (String value : strings.values()) {
      templates.add(context.template(strings.at(), value));
    }
    return templates;
  }

  /** Match type and comparator (RFC 5228 §2.7). */
  Match match() throws SieveException {
    String named = taggedConstant("comparator", null);
    Collation collation = Collation.ASCII_CASEMAP;
    if (named != null) {
      collation =
          Collation.of(named)
              .orElseThrow(() ->
                  new SieveException(node.at(), "there is no comparator \"" + named + "\" here"));
      Extension extension = collation.extension();
      if (extension != null) {
        context.need(extension, node.at(), "the comparator " + named);
      }
    }
    Match match = null;
    for (Match.Type type : Match.Type.values()) {
      boolean relational = type == Match.Type.VALUE || type == Match.Type.COUNT;
      String name = type.name().toLowerCase(Locale.ROOT);
      Match.Relation relation = Match.Relation.EQ;
      if (relational) {
        String word = taggedConstant(name, Extension.RELATIONAL);
        if (word == null) {
          continue;
        }
        relation = relation(word);
      } else if (!flag(name, extension(type))) {
        continue;
      }
      if (match != null) {
        throw new SieveException(node.at(), "a test has one match type");
      }
      match = new Match(type, collation, relation);
    }
    if (match == null) {
      match = new Match(Match.Type.IS, collation, Match.Relation.EQ);
    }
    boolean substrings = match.type() == Match.Type.CONTAINS || match.type() == Match.Type.MATCHES;
    if (substrings && !collation.hasSubstrings()) {
      throw new SieveException(node.at(), "this comparator knows no part of a string");
    }
    if (match.type() == Match.Type.REGEX && !Ere.goesWith(collation)) {
      throw new SieveException(node.at(), "this comparator does not go with :regex");
    }
    if (match.type() == Match.Type.LIST && named != null) {
      // RFC 6134 §2.2.
      throw new SieveException(node.at(), "no comparator goes with :list");
    }
    matching = match;
    return match;
  }

  private static @Nullable Extension extension(Match.Type type) {
    return switch (type) {
      case REGEX -> Extension.REGEX;
      case LIST -> Extension.EXTLISTS;
      default -> null;
    };
  }

  /** What the keys are for. */
  private @Nullable Match matching;

  /** The next argument, what values are compared with; the match type has been taken before. */
  List<Template> keys(String what) throws SieveException {
    List<Template> keys = strings(what);
    for (Template key : keys) {
      check(key);
    }
    return keys;
  }

  /** The same where it is one string. */
  Template key(String what) throws SieveException {
    Template key = string(what);
    check(key);
    return key;
  }

  private void check(Template key) throws SieveException {
    Match match = matching;
    Optional<String> constant = key.constant();
    if (match != null && match.type() == Match.Type.LIST && constant.isPresent()) {
      checkList(node.at(), constant.get());
    }
    if (match == null || match.type() != Match.Type.REGEX || constant.isEmpty()) {
      return;
    }
    try {
      Ere.of(constant.get(), match.collation(), context.limits().regexSize());
    } catch (Ere.Malformed e) {
      throw new SieveException(
          node.at(), "the expression " + constant.get() + " is not in order: " + e.why());
    }
  }

  static void checkList(Position at, String name) throws SieveException {
    if (!ExternalList.isName(name)) {
      throw new SieveException(at, "this is no name of a list: " + name);
    }
  }

  private Match.Relation relation(String word) throws SieveException {
    return Arrays.stream(Match.Relation.values())
        .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(word))
        .findFirst()
        .orElseThrow(() ->
            new SieveException(node.at(), "a relation is gt, ge, lt, le, eq or ne, not " + word));
  }

  Test.AddressPart addressPart() throws SieveException {
    Test.AddressPart part = addressPartIfAny();
    return part == null ? Test.AddressPart.ALL : part;
  }

  /** The same; null if none is given. */
  Test.@Nullable AddressPart addressPartIfAny() throws SieveException {
    Test.AddressPart part = null;
    for (Test.AddressPart each : Test.AddressPart.values()) {
      boolean sub = each == Test.AddressPart.USER || each == Test.AddressPart.DETAIL;
      if (flag(each.name().toLowerCase(Locale.ROOT), sub ? Extension.SUBADDRESS : null)) {
        if (part != null) {
          throw new SieveException(node.at(), "a test has one part of the address");
        }
        part = each;
      }
    }
    return part;
  }

  /**
   * Whether it is about headers of parts, and what of their fields (RFC 5703 §4).
   *
   * @param aspects whether it may look at a piece of a field
   * @return null if it is about the message's header
   */
  Test.@Nullable Mime mime(boolean aspects) throws SieveException {
    boolean mime = flag("mime", Extension.MIME);
    Position anyChild = tag("anychild", Extension.MIME);
    Test.Aspect aspect = Test.Aspect.WHOLE;
    List<Template> parameters = List.of();
    for (Test.Aspect each : Test.Aspect.values()) {
      if (!aspects || each == Test.Aspect.WHOLE) {
        continue;
      }
      String name = each.name().toLowerCase(Locale.ROOT);
      if (each == Test.Aspect.PARAM) {
        List<Template> named = taggedList(name, Extension.MIME);
        if (named == null) {
          continue;
        }
        parameters = named;
      } else if (!flag(name, Extension.MIME)) {
        continue;
      }
      if (aspect != Test.Aspect.WHOLE) {
        throw new SieveException(
            node.at(), "a test has one of :type, :subtype, :contenttype and :param");
      }
      aspect = each;
    }
    if (!mime && (anyChild != null || aspect != Test.Aspect.WHOLE)) {
      throw new SieveException(
          node.at(),
          (anyChild != null ? ":anychild" : ":" + aspect.name().toLowerCase(Locale.ROOT))
              + " goes with :mime");
    }
    return mime ? new Test.Mime(anyChild != null, aspect, parameters) : null;
  }

  Test.Index index() throws SieveException {
    return index(Extension.INDEX);
  }

  /** The same for deleteheader, which has it by itself (RFC 5293 §5). */
  Test.Index indexOfEdit() throws SieveException {
    return index(null);
  }

  private Test.Index index(@Nullable Extension extension) throws SieveException {
    Optional<Argument.Number> number = taggedNumber("index", extension);
    Position last = tag("last", extension);
    if (number.isEmpty()) {
      if (last != null) {
        throw new SieveException(last, ":last goes with :index");
      }
      return Test.Index.ALL;
    }
    Argument.Number given = number.get();
    if (given.value() < 1 || given.value() > Integer.MAX_VALUE) {
      throw new SieveException(given.at(), ":index counts from 1");
    }
    return new Test.Index((int) given.value(), last != null);
  }

  /** Nothing must be left. */
  void end() throws SieveException {
    if (!left.isEmpty()) {
      throw left(left.getFirst());
    }
  }

  private boolean isTwice(String tag) {
    return node.arguments().stream()
            .filter(
                each -> each instanceof Argument.Tag(Position _, String name) && name.equals(tag))
            .count()
        > 1;
  }

  private SieveException left(Argument argument) {
    return switch (argument) {
      case Argument.Tag(Position at, String name) ->
          new SieveException(
              at,
              node.name()
                  + (isTwice(name) ? " has :" + name + " twice" : " has no :" + name + " here"));
      default -> new SieveException(argument.at(), node.name() + " has no such argument");
    };
  }
}
