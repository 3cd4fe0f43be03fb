package hikyaku.protocol.sieve;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.SentDate;
import hikyaku.protocol.sieve.Test.AddressPart;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What tests say of a message. */
final class Testing {
  private static final int SHOWN = 200;

  /** RFC 7352 §3.3: how long a message is known if the script does not say it, in seconds. */
  private static final long WEEK = 7 * 86_400;

  private final SieveMessage message;
  private final Presented presented;
  private final Surroundings surroundings;
  private final Run run;
  private final Comparing comparing;
  private final List<Outcome.Mark> marks = new ArrayList<>();
  private final Watcher watcher;
  private final PartTesting parts;
  private final EnvelopeTesting envelope;

  Testing(
      SieveMessage message,
      Presented presented,
      Surroundings surroundings,
      Run run,
      Watcher watcher) {
    this.message = message;
    this.presented = presented;
    this.surroundings = surroundings;
    this.run = run;
    this.comparing = new Comparing(run, surroundings);
    this.watcher = watcher;
    this.parts = new PartTesting(presented, run);
    this.envelope = new EnvelopeTesting(message, surroundings, run);
  }

  /**
   * Whether a test is true; those behind one that decides are not looked at (RFC 5228 §5.2, §5.3).
   */
  boolean isTrue(Test test) throws RunException, IOException {
    run.at(test.line());
    run.pay(1);
    run.payForRead(message);
    return switch (test) {
      case Test.Constant(int _, boolean value) -> value;
      case Test.Not(int _, Test inner) -> !isTrue(inner);
      case Test.AllOf(int _, List<Test> tests) -> {
        for (Test each : tests) {
          if (!isTrue(each)) {
            yield false;
          }
        }
        yield true;
      }
      case Test.AnyOf(int _, List<Test> tests) -> {
        for (Test each : tests) {
          if (isTrue(each)) {
            yield true;
          }
        }
        yield false;
      }
      case Test.Exists exists -> {
        List<String> names = run.expand(exists.headers());
        Test.Mime mime = exists.mime();
        yield told(test, "exists", mime == null ? haveAll(names) : parts.haveAll(mime, names));
      }
      case Test.Size(int _, boolean over, long octets) -> {
        long size = presented.size();
        yield told(test, "size " + size, over ? size > octets : size < octets);
      }
      case Test.Header header -> header(header);
      case Test.Address address -> address(address);
      case Test.Envelope envelope -> envelope(envelope);
      case Test.Text text -> text(text);
      case Test.Body body -> body(body);
      case Test.HasFlag flags -> hasFlag(flags);
      case Test.Date date -> date(date);
      case Test.MailboxExists mailboxes -> mailboxExists(mailboxes);
      case Test.SpecialUseExists uses -> specialUseExists(uses);
      case Test.Spam spam -> {
        ScannerFields fields = surroundings.scanned();
        Optional<Integer> level =
            fields
                .score(message.fieldsSent(fields.spam()))
                .map(score -> spam.percent() ? fields.percent(score) : fields.level(score));
        yield scanned(test, "spamtest", spam.match(), level, spam.value());
      }
      case Test.Virus virus -> {
        ScannerFields fields = surroundings.scanned();
        Optional<Integer> level = ScannerFields.virusLevel(message.fieldsSent(fields.virus()));
        yield scanned(test, "virustest", virus.match(), level, virus.value());
      }
      case Test.Environment environment -> environment(environment);
      case Test.Metadata metadata -> metadata(metadata);
      case Test.MetadataExists exists -> metadataExists(exists);
      case Test.MailboxIdExists ids -> {
        boolean all = true;
        for (String id : run.expand(ids.ids())) {
          run.ask();
          all &= surroundings.mailboxIdExists(id);
        }
        yield told(test, "mailboxidexists", all);
      }
      case Test.Duplicate duplicate -> duplicate(duplicate);
      case Test.ValidExtList lists -> {
        boolean all = true;
        for (String name : run.expand(lists.names())) {
          run.ask();
          all &= surroundings.list(ExternalList.named(name)).isPresent();
        }
        yield told(test, "valid_ext_list", all);
      }
      case Test.ValidNotifyMethod methods ->
          told(
              test,
              "valid_notify_method",
              run.expand(methods.methods()).stream().allMatch(MailtoUri::isValid));
      case Test.NotifyMethodCapability capability -> capability(capability);
    };
  }

  private boolean told(Test test, String what, boolean result) {
    watcher.step(test.line(), what + ": " + result);
    return result;
  }

  private boolean compared(
      Test test, String name, Match match, List<String> values, List<Template> keys)
      throws RunException {
    return compared(test, name, match, values, keys, true);
  }

  private boolean compared(
      Test test,
      String name,
      Match match,
      List<String> values,
      List<Template> keys,
      boolean captures)
      throws RunException {
    List<String> wanted = run.expand(keys);
    boolean result = comparing.any(match, values, wanted, captures);
    if (watcher != Watcher.NONE) {
      String type = match.type().name().toLowerCase(Locale.ROOT);
      told(test, name + " " + shown(values) + " :" + type + " " + shown(wanted), result);
    }
    return result;
  }

  /** A test with the fields that it looks at. */
  private String named(String test, List<String> fields) {
    return watcher == Watcher.NONE ? test : test + " " + String.join(", ", fields);
  }

  /** As much of some texts as a person wants to see. */
  static String shown(List<String> values) {
    StringBuilder shown = new StringBuilder("[");
    for (String value : values) {
      if (shown.length() > SHOWN) {
        return shown.append(", …]").toString();
      }
      shown.append(shown.length() == 1 ? "\"" : ", \"");
      shown.append(value, 0, Math.min(SHOWN, value.length()));
      shown.append(value.length() > SHOWN ? "…\"" : "\"");
    }
    return shown.append(']').toString().replaceAll("\\p{Cntrl}+", " ");
  }

  private boolean haveAll(List<String> names) throws RunException, IOException {
    for (String name : names) {
      if (presented.fields(name).isEmpty()) {
        return false;
      }
    }
    return true;
  }

  private boolean header(Test.Header test) throws RunException, IOException {
    List<String> names = run.expand(test.headers());
    Test.Mime mime = test.mime();
    if (mime != null) {
      List<String> values =
          parts.values(mime, test.index(), names, test.match().type() == Match.Type.COUNT);
      return compared(test, named("header", names), test.match(), values, test.keys());
    }
    List<String> values =
        test.index().of(parts.fields(presented.root(), names)).stream()
            .map(field -> field.decoded().strip())
            .toList();
    return compared(test, named("header", names), test.match(), values, test.keys());
  }

  /** RFC 5293 §6: what must not go stays, and nothing is said of it. */
  void delete(Command.DeleteHeader command) throws RunException {
    String name = run.expand(command.name());
    List<Template> keys = command.values();
    List<String> wanted = keys == null ? List.of() : run.expand(keys);
    List<HeaderField> fitting = new ArrayList<>();
    for (HeaderField field : command.index().of(message.fields(name))) {
      if (keys == null
          || comparing.any(command.match(), List.of(field.decoded().strip()), wanted, false)) {
        fitting.add(field);
      }
    }
    int deleted = message.remove(fitting);
    watcher.step(command.line(), "delete the field " + name + ": " + deleted + " of them");
  }

  private boolean address(Test.Address test) throws RunException, IOException {
    List<String> values = new ArrayList<>();
    List<String> names = run.expand(test.headers());
    List<String> fit =
        names.stream().filter(name -> Addresses.isAddressField(name, test.mime())).toList();
    for (List<HeaderField> fields : fields(fit, test.mime())) {
      for (HeaderField field : test.index().of(fields)) {
        for (MailAddress address : Addresses.of(field.value())) {
          // RFC 5228 §2.7.4: what is no address has no parts.
          if (!address.domain().isEmpty() || test.part() == AddressPart.ALL) {
            Addresses.part(address, test.part(), surroundings.separators()).ifPresent(values::add);
          }
        }
      }
    }
    return compared(test, named("address", names), test.match(), values, test.keys());
  }

  /** The fields of some names in each header that is looked at, in the order of the names. */
  private List<List<HeaderField>> fields(List<String> names, Test.@Nullable Mime mime)
      throws RunException, IOException {
    if (mime == null) {
      return List.of(parts.fields(presented.root(), names));
    }
    List<List<HeaderField>> fields = new ArrayList<>();
    for (Part part : parts.scope(mime)) {
      fields.add(parts.fields(part, names));
    }
    return fields;
  }

  private boolean envelope(Test.Envelope test) throws RunException {
    List<String> names = run.expand(test.fields());
    List<String> values = envelope.values(test, names);
    return compared(test, named("envelope", names), test.match(), values, test.keys());
  }

  /**
   * What is there: where values are counted, the empty one is none (RFC 5231 §4.2, RFC 5229 §5, RFC
   * 5183 §4).
   */
  private static List<String> counted(Match match, List<String> values) {
    return match.type() == Match.Type.COUNT
        ? values.stream().filter(value -> !value.isEmpty()).toList()
        : values;
  }

  private boolean text(Test.Text test) throws RunException {
    List<String> values = counted(test.match(), run.expand(test.sources()));
    return compared(test, "string", test.match(), values, test.keys());
  }

  /** RFC 5173 §6: wildcards in bodies leave nothing in variables. */
  private boolean body(Test.Body test) throws RunException, IOException {
    List<String> types = run.expand(test.types()).stream().map(Collation::asciiLower).toList();
    List<String> values = presented.body(test.transform(), types);
    return compared(test, "body", test.match(), values, test.keys(), false);
  }

  /** RFC 5235 §3.1, §3.2.1: what was not tested is "0", and nothing where values are counted. */
  private boolean scanned(
      Test test, String name, Match match, Optional<Integer> level, Template value)
      throws RunException {
    List<String> values =
        match.type() == Match.Type.COUNT
            ? level.map(String::valueOf).stream().toList()
            : List.of(String.valueOf(level.orElse(0)));
    return compared(test, name, match, values, List.of(value));
  }

  private boolean hasFlag(Test.HasFlag test) throws RunException {
    List<String> values = new ArrayList<>();
    if (test.variables() == null) {
      values.addAll(run.flags());
    } else {
      for (String name : test.variables()) {
        values.addAll(run.flags(List.of(run.variable(name))));
      }
    }
    boolean counts =
        test.match().type() == Match.Type.COUNT || test.match().type() == Match.Type.VALUE;
    if (counts || test.match().type() == Match.Type.REGEX) {
      return compared(test, "hasflag", test.match(), values, test.keys());
    }
    // RFC 5232 §4: a key is a list of flags too.
    List<Template> keys =
        run.expand(test.keys()).stream()
            .flatMap(list -> List.of(list.split(" +")).stream())
            .map(Template::literal)
            .toList();
    return compared(test, "hasflag", test.match(), values, keys);
  }

  private boolean date(Test.Date test) throws RunException, IOException {
    List<String> values = new ArrayList<>();
    String part = Collation.asciiLower(run.expand(test.part()));
    Template header = test.header();
    if (header == null) {
      OffsetDateTime now = surroundings.now().atOffset(ZoneOffset.UTC);
      DatePart.of(DatePart.in(test.zone(), now, surroundings.zone()), part).ifPresent(values::add);
    } else {
      String name = run.expand(header);
      List<HeaderField> fields = presented.fields(name);
      // RFC 5260 §4: without an index it is the first field.
      List<HeaderField> chosen =
          test.index().equals(Test.Index.ALL)
              ? fields.stream().limit(1).toList()
              : test.index().of(fields);
      for (HeaderField field : chosen) {
        sent(field)
            .flatMap(date -> DatePart.of(DatePart.in(test.zone(), date, surroundings.zone()), part))
            .ifPresent(values::add);
      }
    }
    return compared(test, "date", test.match(), values, test.keys());
  }

  /** The date of a field that is one, or that ends with one behind a semicolon, as Received. */
  private static Optional<OffsetDateTime> sent(HeaderField field) {
    SentDate date = SentDate.parse(field.value().substring(field.value().lastIndexOf(';') + 1));
    if (date == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          Instant.ofEpochSecond(date.epochSecond())
              .atOffset(ZoneOffset.ofTotalSeconds(date.offsetSeconds())));
    } catch (DateTimeException e) {
      return Optional.of(Instant.ofEpochSecond(date.epochSecond()).atOffset(ZoneOffset.UTC));
    }
  }

  private boolean mailboxExists(Test.MailboxExists test) throws RunException {
    boolean all = true;
    for (String name : run.expand(test.names())) {
      run.ask();
      all &= surroundings.mailboxExists(name);
    }
    return told(test, "mailboxexists", all);
  }

  private boolean metadata(Test.Metadata test) throws RunException {
    String mailbox = run.expandIfAny(test.mailbox()).orElse(null);
    String entry = run.expand(test.entry());
    run.ask();
    List<String> value = annotation(mailbox, entry).map(List::of).orElse(List.of());
    return compared(test, "metadata " + entry, test.match(), value, test.keys());
  }

  private boolean metadataExists(Test.MetadataExists test) throws RunException {
    String mailbox = run.expandIfAny(test.mailbox()).orElse(null);
    List<String> entries = run.expand(test.entries());
    for (String _ : entries) {
      run.ask();
    }
    return told(
        test,
        named("metadataexists", entries),
        entries.stream().allMatch(entry -> annotation(mailbox, entry).isPresent()));
  }

  /** Entries are named without regard to case (RFC 5464 §3.2). */
  private Optional<String> annotation(@Nullable String mailbox, String entry) {
    return surroundings.annotation(mailbox, entry.toLowerCase(Locale.ROOT));
  }

  private boolean specialUseExists(Test.SpecialUseExists test) throws RunException {
    String mailbox = test.mailbox() == null ? null : run.expand(test.mailbox());
    boolean all = mailbox == null || surroundings.mailboxExists(mailbox);
    for (String use : run.expand(test.uses())) {
      run.ask();
      all &= surroundings.hasSpecialUse(mailbox, use);
    }
    return told(test, "specialuse_exists", all);
  }

  /** RFC 7352 §3.1: a message without an id is none that came before. */
  private boolean duplicate(Test.Duplicate test) throws RunException, IOException {
    Template given = test.id();
    String id;
    if (given != null) {
      id = run.expand(given);
    } else {
      Template header = test.header();
      id = presented.text(header == null ? "message-id" : run.expand(header));
    }
    if (id.isEmpty()) {
      return told(test, "duplicate: the message has no such field", false);
    }
    String handle = test.handle() == null ? "" : run.expand(test.handle());
    Long seconds = test.seconds();
    run.ask();
    if (marks.size() >= run.limits().duplicates()) {
      throw run.problem(
          "a run asks at most "
              + run.limits().duplicates()
              + " times whether a message is a duplicate");
    }
    marks.add(new Outcome.Mark(handle, id, seconds == null ? WEEK : seconds, test.last()));
    return told(test, "duplicate " + shown(List.of(id)), surroundings.seenBefore(handle, id));
  }

  /** What is to be remembered of the message once the run has come to its end. */
  List<Outcome.Mark> marks() {
    return marks;
  }

  /** RFC 5436 §2.2: whether somebody reads mail now is never known. */
  private boolean capability(Test.NotifyMethodCapability test) throws RunException {
    boolean known =
        MailtoUri.isValid(run.expand(test.method()))
            && Collation.asciiLower(run.expand(test.capability())).equals("online");
    List<String> values = known ? List.of("maybe") : List.of();
    return known && compared(test, "notify_method_capability", test.match(), values, test.keys());
  }

  private boolean environment(Test.Environment test) throws RunException {
    String item = Collation.asciiLower(run.expand(test.item()));
    // RFC 5183 §4: one that is not known is as if it were not there, so that no test of it is true.
    List<String> values = surroundings.environment(item).map(List::of).orElse(List.of());
    return compared(test, "environment", test.match(), counted(test.match(), values), test.keys());
  }
}
