package hikyaku.server.filter;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.BlobId;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.sieve.Action;
import hikyaku.protocol.sieve.DeliveryTerms;
import hikyaku.protocol.sieve.Edition;
import hikyaku.protocol.sieve.Outcome;
import hikyaku.protocol.sieve.ScriptName;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.RcptParameters.Notify;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Resolution;
import hikyaku.server.dkim.Signer;
import hikyaku.server.filter.Redirects.Way;
import hikyaku.server.filter.proto.Remembered;
import hikyaku.server.queue.Outgoing;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;

/** The way of one message through one script, and those of the accounts it is redirected to. */
final class Filing {
  /** Accounts that one message may be redirected to, those included that it is redirected on to. */
  private static final int MOST_REDIRECTED = 20;

  /** How long a sender is not answered again if the script does not say it (RFC 5230 §4.1). */
  private static final Duration USUAL = Duration.ofDays(7);

  /** Of what nobody wants to hear anything (RFC 5230 §5.1, RFC 3834 §3.3). */
  private static final RcptParameters NEVER = new RcptParameters(Set.of(), null);

  /** The longest that anything is remembered. */
  private static final Duration LONGEST = Duration.ofDays(90);

  private static final String NOBODY = "there is nobody to whom it can go";

  private final Filter filter;
  private final Places places;
  private final String root;
  private final Instant now;

  /** As it came, or as a script here has sent it on (RFC 6009 §6.1). */
  private Envelope envelope;

  private final SequencedMap<List<String>, Delivery> deliveries = new LinkedHashMap<>();
  private final List<Append> alongside = new ArrayList<>();
  private final List<String> sent = new ArrayList<>();
  private final List<String> sealed = new ArrayList<>();
  private final Set<String> visited = new HashSet<>();
  private final SequencedMap<String, List<Remembered>> remembered = new LinkedHashMap<>();
  private final Map<String, Integer> mails = new HashMap<>();
  private final Deeds deeds = new Deeds();
  private final List<Failure> failures = new ArrayList<>();

  /** The script whose action is at hand, to be blamed if it cannot be done. */
  private Optional<ScriptName> acting = Optional.empty();

  private boolean forwarded;
  private Optional<Refusal> refusal = Optional.empty();

  /** Of the append that remembers. */
  private String memoryKey = "/m.";

  /**
   * @param root the account that the message came for
   */
  Filing(Filter filter, String root, Envelope envelope) {
    this.filter = filter;
    this.places = new Places(filter.mail());
    this.root = root;
    this.envelope = envelope;
    this.now = filter.mail().clock().instant();
  }

  Filed filed() {
    List<Append> all = new ArrayList<>(alongside);
    remembered.forEach((account, what) ->
        all.add(filter.memories().append(account, what, envelope.key(memoryKey + of(account)))));
    return new Filed(
        List.copyOf(deliveries.sequencedValues()),
        all,
        sent,
        sealed,
        deeds.told(),
        failures,
        forwarded,
        refusal);
  }

  /**
   * @param before the accounts whose scripts sent it on to here
   */
  void file(NewMessage message, Resolution.Target target, List<String> before) {
    String account = target.account().id();
    visited.add(account);
    ScriptBook.Running running = filter.scripts().running(account);
    List<Filter.Source> sources = sources(running);
    if (sources.isEmpty()) {
      add(account, home(target), message, Flags.NONE);
      return;
    }
    Outcome outcome = filter.run(sources, message, target, envelope);
    Optional<Outcome.Problem> problem = outcome.problem();
    deeds.of(target.account()).ran(outcome.trail().ran());
    try {
      carryOut(outcome, message, target, before);
      mark(account, outcome.marks());
    } catch (Unfit e) {
      refusal = before.isEmpty() ? Optional.empty() : refusal;
      add(account, home(target), message, Flags.NONE);
      problem =
          Optional.of(
              new Outcome.Problem(
                  acting.orElseGet(() -> new ScriptName(false, running.own().active())),
                  0,
                  String.valueOf(e.getMessage())));
    }
    if (problem.isPresent()) {
      deeds.of(target.account()).failed(problem.get());
      filter.failed(target.account(), problem.get());
      note(problem.get(), message, target, running.own());
    }
  }

  /** Of scripts for all, the operator is told alone. */
  private void note(
      Outcome.Problem problem, NewMessage message, Resolution.Target target, Scripts own) {
    if (!problem.script().global()) {
      own.script(problem.script().name())
          .map(script ->
              new Failure(
                  target.account(),
                  problem,
                  script,
                  message,
                  envelope.from(),
                  home(target),
                  envelope.host()))
          .ifPresent(failures::add);
    }
  }

  /** Those for all before the account's own, that one, and those for all behind it. */
  private static List<Filter.Source> sources(ScriptBook.Running running) {
    Scripts forAll = running.forAll();
    ScriptName own = new ScriptName(false, running.own().active());
    List<Filter.Source> sources = new ArrayList<>();
    for (String name : forAll.before()) {
      forAll
          .script(name)
          .ifPresent(
              content -> sources.add(new Filter.Source(new ScriptName(true, name), content)));
    }
    running
        .own()
        .script(running.own().active())
        .ifPresent(content -> sources.add(new Filter.Source(own, content)));
    for (String name : forAll.after()) {
      forAll
          .script(name)
          .ifPresent(
              content -> sources.add(new Filter.Source(new ScriptName(true, name), content)));
    }
    return sources;
  }

  /**
   * Where a message goes in an account.
   *
   * @param same the content of what counts as the same message: one that differs by its header
   *     alone is filed once in a mailbox (RFC 5293 §7)
   */
  private record Kept(NewMessage message, BlobId same, String folder, Flags flags) {}

  /** Whom a message goes to by its script. */
  private record Further(NewMessage message, DeliveryTerms terms, Resolution.Target to) {}

  /** As what it goes to other services. */
  private record Outward(NewMessage message, DeliveryTerms terms) {}

  /** Where a copy goes of what is sent. */
  private Optional<Copy> copy(Optional<Action.FileInto> into, Resolution.Target target)
      throws Unfit {
    return into.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Copy(
                places.folder(into.get(), target.account()), Places.flags(into.get().flags())));
  }

  private record Copy(String folder, Flags flags) {}

  /** Where a message goes that nobody wants elsewhere. */
  private String home(Resolution.Target target) {
    return envelope.suspect() ? places.junk(target.account()) : Folder.INBOX;
  }

  /** All of them, or none if one cannot be done. */
  private void carryOut(
      Outcome outcome, NewMessage message, Resolution.Target target, List<String> before)
      throws Unfit {
    Map<Edition, NewMessage> versions = new IdentityHashMap<>();
    Deeds.Of done = deeds.of(target.account());
    List<Runnable> told = new ArrayList<>();
    outcome
        .trail()
        .discarded()
        .ifPresent(by -> told.add(() -> done.did("discard", Optional.of(by))));
    List<Runnable> letters = new ArrayList<>();
    List<Kept> kept = new ArrayList<>();
    List<Further> further = new ArrayList<>();
    SequencedMap<Outward, SequencedSet<Mailbox>> elsewhere = new LinkedHashMap<>();
    Optional<ScriptName> redirecting = Optional.empty();
    for (int i = 0; i < outcome.actions().size(); i++) {
      Optional<ScriptName> by = outcome.trail().by().get(i);
      acting = by;
      Optional<Edition> edition = outcome.editions().get(i);
      NewMessage version =
          edition
              .map(each -> versions.computeIfAbsent(each, e -> filter.edited(message, e)))
              .orElse(message);
      BlobId same =
          edition.filter(each -> !each.isOfHeader()).isPresent()
              ? version.blob().id()
              : message.blob().id();
      switch (outcome.actions().get(i)) {
        case Action.Keep(List<String> flags, boolean _) -> {
          kept.add(new Kept(version, same, home(target), Places.flags(flags)));
          told.add(() -> done.did("keep", by));
        }
        case Action.FileInto into -> {
          String folder = places.folder(into, target.account());
          kept.add(new Kept(version, same, folder, Places.flags(into.flags())));
          told.add(() -> done.did("fileinto " + folder, by));
        }
        case Action.Vacation _ when envelope.silence().isPresent() ->
            told.add(() -> done.left("vacation", by, envelope.silence().get()));
        case Action.Vacation vacation -> {
          Optional<Copy> copy = copy(vacation.copy(), target);
          letters.add(() -> {
            Optional<String> left = answer(vacation, copy, message, target.account());
            done.tell("vacation", by, left);
          });
        }
        case Action.Notify notify -> {
          Optional<Copy> copy = copy(notify.copy(), target);
          int number = letters.size();
          letters.add(() -> {
            Optional<String> left = notify(notify, number, copy, message, target.account());
            done.tell("notify", by, left);
          });
        }
        case Action.Reject(String reason, boolean atOnce) -> {
          Refusal wanted = new Refusal(reason, atOnce);
          told.add(() -> done.did(atOnce ? "ereject" : "reject", by));
          if (before.isEmpty()) {
            refusal = Optional.of(wanted);
          } else {
            letters.add(() -> report(message, target.account(), wanted));
          }
        }
        case Action.Redirect(String address, DeliveryTerms terms) -> {
          redirecting = by;
          Outward outward = new Outward(version, terms);
          told.add(() -> done.did("redirect " + address, by));
          switch (filter.redirects().way(address)) {
            case Way.Nowhere(String why) -> throw new Unfit(why);
            case Way.Elsewhere(Mailbox to) ->
                elsewhere.computeIfAbsent(outward, _ -> new LinkedHashSet<>()).add(to);
            case Way.Here(List<Resolution.Target> targets, List<Mailbox> others) -> {
              others.forEach(
                  to -> elsewhere.computeIfAbsent(outward, _ -> new LinkedHashSet<>()).add(to));
              for (Resolution.Target each : targets) {
                check(each, message, before);
                if (each.account().id().equals(target.account().id())) {
                  // Before all that says which flags it has.
                  kept.addFirst(new Kept(version, same, home(target), Flags.NONE));
                } else {
                  further.add(new Further(version, terms, each));
                }
              }
            }
          }
        }
      }
    }
    // What there is too much of is so by the last of these.
    acting = redirecting;
    if (visited.size() + further.size() > MOST_REDIRECTED) {
      throw new Unfit("the message was redirected to too many addresses");
    }
    checkSendOn(message, target, elsewhere.values().stream().mapToInt(Set::size).sum());
    elsewhere.sequencedEntrySet().forEach(each -> sendOn(each.getKey(), target, each.getValue()));
    told.forEach(Runnable::run);
    letters.forEach(Runnable::run);
    kept.forEach(
        each -> add(target.account().id(), each.folder, each.message, each.same, each.flags));
    List<String> chain = new ArrayList<>(before);
    chain.add(target.account().id());
    for (Further each : further) {
      // Whom two scripts redirect to gets it once: he is done with, for he is none of the chain.
      if (!visited.contains(each.to.account().id())) {
        Envelope came = envelope;
        envelope = sentOn(each.terms, target);
        file(forwarded(each.message, each.to), each.to, chain);
        envelope = came;
      }
    }
  }

  private void check(Resolution.Target to, NewMessage message, List<String> before) throws Unfit {
    if (hadBefore(message.structure(), to) || before.contains(to.account().id())) {
      throw new Unfit(to.reachedBy() + " has had this message before");
    }
    // What fills it may be this very message, by an attempt before.
    if (places.isFull(to.account(), message)
        && !filter.mail().hasDelivered(to.account().id(), root, envelope.attempt())) {
      throw new Unfit("the mailbox of " + to.reachedBy() + " is full");
    }
  }

  static boolean hadBefore(MessageStructure structure, Resolution.Target target) {
    Address reached = target.reachedBy();
    return structure.wasDeliveredTo(new Mailbox(reached.localPart(), reached.domain()).toString());
  }

  private void checkSendOn(NewMessage message, Resolution.Target by, int recipients) throws Unfit {
    SieveSettings settings = filter.settings();
    if (recipients == 0) {
      return;
    }
    if (message.structure().receivedFields() >= settings.hops()) {
      throw new Unfit("the message has come through too many servers to be sent on");
    }
    Optional<String> hindrance = hindrance(by.account(), recipients);
    if (hindrance.isPresent()) {
      throw new Unfit(hindrance.get());
    }
  }

  private Envelope sentOn(DeliveryTerms terms, Resolution.Target by) {
    Address owner = by.account().primary();
    return terms.equals(DeliveryTerms.NONE)
        ? envelope
        : envelope.sentOn(new Mailbox(owner.localPart(), owner.domain()), terms);
  }

  /** Puts the message into the queue, for all these recipients at once. */
  private void sendOn(Outward outward, Resolution.Target by, SequencedSet<Mailbox> to) {
    NewMessage message = outward.message;
    boolean told = !outward.terms.equals(DeliveryTerms.NONE);
    Envelope as = sentOn(outward.terms, by);
    String account = by.account().id();
    // A script that edits the header in between sends several.
    String number = sent.isEmpty() ? "" : ".r" + sent.size();
    send(
        account,
        Forwarding.of(
            id(account) + number,
            message,
            by.reachedBy(),
            as,
            filter.tls(message, envelope),
            now,
            filter.returnPaths().onward(as.from(), by.account().primary()),
            account,
            to,
            told ? as.recipient() : Forwarding.recipient(envelope, by.reachedBy()),
            prefix -> sealed(prefix, message, by.account().primary().domain())),
        envelope.key("/r." + of(account) + number));
    forwarded = true;
  }

  private ByteString sealed(ByteString prefix, NewMessage message, String domain) {
    Signer.Signatures seal = filter.seal(prefix, message, domain, envelope.arrival());
    sealed.addAll(seal.by());
    return ByteString.copyFromUtf8(seal.fields()).concat(prefix);
  }

  /**
   * Why so many more are beyond what an account's scripts may send now; nothing if they are not.
   */
  private Optional<String> hindrance(Account account, int more) {
    Memory memory = filter.memories().memory(account.id());
    long here = (long) mails.getOrDefault(account.id(), 0) + more;
    long inHour = filter.mostInHour(account);
    long inDay = filter.mostInDay(account);
    if (inHour == 0 || inDay == 0) {
      return Optional.of("the account may send nothing now");
    }
    if (memory.sent(now, envelope.key()) + here > inHour) {
      return Optional.of("the scripts of an account send at most " + inHour + " mails in an hour");
    }
    return memory.sentInDay(now, envelope.key()) + here > inDay
        ? Optional.of("the scripts of this account send at most " + inDay + " mails in a day")
        : Optional.empty();
  }

  private void send(String account, Outgoing outgoing, String key) {
    alongside.add(filter.outbox().append(outgoing).withKey(key));
    sent.add(outgoing.transaction());
    for (Outgoing.To each : outgoing.recipients()) {
      ByteString what =
          Memory.what("sent", outgoing.transaction(), envelope.key(), each.address().toString());
      remember(account, MemoryBook.sent(what, now.plus(SieveSettings.COUNTED), envelope.key()));
    }
    mails.merge(account, outgoing.recipients().size(), Integer::sum);
  }

  private void remember(String account, Remembered what) {
    remembered.computeIfAbsent(account, _ -> new ArrayList<>()).add(what);
  }

  /** RFC 7352 §3: a message that is known already is known no longer for that, unless it asks. */
  private void mark(String account, List<Outcome.Mark> marks) {
    for (Outcome.Mark mark : marks) {
      ByteString what = Memory.seen(mark.handle(), mark.id());
      boolean known =
          filter.memories().memory(account).until(what, now, envelope.key()).isPresent();
      if (!known || mark.last()) {
        Instant until = now.plusSeconds(Math.min(mark.seconds(), LONGEST.toSeconds()));
        remember(account, MemoryBook.seen(what, until, envelope.key()));
      }
    }
  }

  /**
   * RFC 5230: once to each sender in the period, over all nodes.
   *
   * @return why it is not sent; nothing if it is
   */
  private Optional<String> answer(
      Action.Vacation vacation, Optional<Copy> copy, NewMessage message, Account account) {
    if (!(envelope.from() instanceof Mailbox to) || to.isLiteral()) {
      return Optional.of(NOBODY);
    }
    String sender = to.toString().toLowerCase(Locale.ROOT);
    ByteString what = Memory.what("answered", account.id(), vacation.identity(), sender);
    // One that this attempt sent before is in the queue since then.
    if (filter.memories().memory(account.id()).knows(what, now)) {
      return Optional.of("the sender was answered lately");
    }
    Optional<String> hindrance = hindrance(account, 1);
    if (hindrance.isPresent()) {
      return hindrance;
    }
    long seconds = Math.min(vacation.seconds().orElse(USUAL.toSeconds()), LONGEST.toSeconds());
    // Of two messages that come at one moment on two nodes, the queue takes one answer.
    String id =
        seconds == 0
            ? id(account.id()) + ".v"
            : "v."
                + HexFormat.of().formatHex(what.toByteArray())
                + "."
                + now.getEpochSecond() / seconds;
    Letters letters = new Letters(filter, envelope, message, now);
    Intake.Received letter = letters.answer(id, account, to.address(), vacation);
    send(
        account.id(),
        letters.outgoing(
            id,
            account,
            ReversePath.NULL,
            vacation.from().address(),
            letter,
            List.of(to.address()),
            false,
            NEVER),
        id);
    remember(account.id(), MemoryBook.told(what, now.plusSeconds(seconds), envelope.key()));
    copy.ifPresent(
        into -> add(account.id(), into.folder, letters.kept(letter, into.flags), Flags.NONE));
    return Optional.empty();
  }

  /**
   * RFC 5436 §2.7: its failures are told to the account, and nobody if the message had no sender.
   *
   * @return why it is not sent; nothing if it is
   */
  private Optional<String> notify(
      Action.Notify notify, int number, Optional<Copy> copy, NewMessage message, Account account) {
    List<MailAddress> to =
        notify.recipients().stream()
            .filter(each -> !(filter.redirects().way(each.toString()) instanceof Way.Nowhere))
            .toList();
    Optional<String> hindrance = to.isEmpty() ? Optional.of(NOBODY) : hindrance(account, to.size());
    if (hindrance.isPresent()) {
      return hindrance;
    }
    String id = id(account.id()) + ".n" + number;
    Letters letters = new Letters(filter, envelope, message, now);
    Intake.Received letter = letters.notification(id, account, notify);
    MailAddress author = notify.from().address();
    ReversePath from =
        envelope.from() instanceof Mailbox
            ? new Mailbox(author.localPart(), author.domain())
            : ReversePath.NULL;
    send(
        account.id(),
        letters.outgoing(id, account, from, author, letter, to, false, RcptParameters.NONE),
        envelope.key("/n" + number + "." + of(account.id())));
    copy.ifPresent(
        into -> add(account.id(), into.folder, letters.kept(letter, into.flags), Flags.NONE));
    return Optional.empty();
  }

  /**
   * Tells the sender by mail that the message was refused; that this is not done is told to logs
   * (RFC 5429 §2.1).
   */
  void report(NewMessage message, Account account, Refusal why) {
    Optional<String> hindrance = reportHindrance(account, why);
    if (hindrance.isPresent() || !(envelope.from() instanceof Mailbox to)) {
      deeds
          .of(account)
          .left("telling the sender of the refusal", Optional.empty(), hindrance.orElse(NOBODY));
      return;
    }
    memoryKey = deliveries.isEmpty() && visited.isEmpty() ? "/mx." : memoryKey;
    String id = id(account.id()) + ".x";
    Letters letters = new Letters(filter, envelope, message, now);
    Intake.Received letter = letters.refusal(id, account, to, why);
    send(
        account.id(),
        letters.outgoing(
            id,
            account,
            ReversePath.NULL,
            letters.postmaster(),
            letter,
            List.of(to.address()),
            envelope.parameters().smtpUtf8(),
            NEVER),
        envelope.key("/x." + of(account.id())));
  }

  private Optional<String> reportHindrance(Account account, Refusal why) {
    if (!(envelope.from() instanceof Mailbox to) || to.isLiteral()) {
      return Optional.of(NOBODY);
    }
    if (envelope.silence().isPresent()) {
      return envelope.silence();
    }
    return why.atOnce() && !wantsToHearOfFailures()
        ? Optional.of("the sender wants no report")
        : hindrance(account, 1);
  }

  /** Whether a delivery report is wanted (RFC 3461 §4.1); a disposition notification is none. */
  private boolean wantsToHearOfFailures() {
    Set<Notify> wanted = envelope.recipient().notifyOn();
    return wanted == null || wanted.contains(Notify.FAILURE);
  }

  /** Names a mail of an account's script: unique, since it runs once for each way to it. */
  private String id(String account) {
    return envelope.transaction() + "." + of(account);
  }

  private String of(String account) {
    return account.equals(root) ? account : account + "." + root;
  }

  /** The message with one more step in its trace, below the Return-Path (RFC 9228 §4). */
  private NewMessage forwarded(NewMessage message, Resolution.Target target) {
    String fields = message.prefix().toStringUtf8();
    int first = fields.startsWith("Return-Path:") ? fields.indexOf("\r\n") + 2 : 0;
    String path = first == 0 ? "" : "Return-Path: <" + envelope.from() + ">\r\n";
    String step =
        "Delivered-To: "
            + new MailAddress(target.reachedBy().localPart(), target.reachedBy().domain())
            + "\r\n";
    return new NewMessage(
        ByteString.copyFromUtf8(path + step + fields.substring(first)),
        message.blob(),
        message.internalDate(),
        message.flags(),
        message.structure(),
        message.session());
  }

  private void add(String account, String folder, NewMessage message, Flags flags) {
    add(account, folder, message, message.blob().id(), flags);
  }

  /** Of one that is there already the last flags win (RFC 5232 §3). */
  private void add(String account, String folder, NewMessage message, BlobId same, Flags flags) {
    deliveries.merge(
        List.of(account, folder, same.toString()),
        new Delivery(account, folder, message.with(flags), root),
        (before, _) -> new Delivery(account, folder, before.message().with(flags), root));
  }
}
