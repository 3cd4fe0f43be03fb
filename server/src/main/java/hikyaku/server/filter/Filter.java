package hikyaku.server.filter;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.ByteString;
import hikyaku.mailbox.Delivered;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.sieve.Edition;
import hikyaku.protocol.sieve.Interpreter;
import hikyaku.protocol.sieve.Outcome;
import hikyaku.protocol.sieve.Script;
import hikyaku.protocol.sieve.ScriptName;
import hikyaku.protocol.sieve.SieveException;
import hikyaku.protocol.sieve.SieveLimits;
import hikyaku.protocol.sieve.SieveMessage;
import hikyaku.protocol.sieve.Watcher;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Language;
import hikyaku.server.directory.Resolution;
import hikyaku.server.dkim.Sealer;
import hikyaku.server.dkim.Signer;
import hikyaku.server.filter.Redirects.Way;
import hikyaku.server.queue.Outbox;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.queue.TlsWish;
import hikyaku.server.queue.Wordings;
import hikyaku.server.srs.ReturnPaths;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Says where a message goes, by the script of the account that it is for. Safe for many threads.
 */
public final class Filter {
  /** Characters of a problem that is told; a script may have put any text into it. */
  private static final int TOLD = 500;

  /** Octets of scripts that stay compiled, and what each weighs besides. */
  private static final long COMPILED_OCTETS = 16L * 1024 * 1024;

  private static final int SCRIPT_WEIGHT = 2_000;

  private static final Logger LOG = LoggerFactory.getLogger(Filter.class);

  private final ScriptBook scripts;
  private final MailStore mail;
  private final Directory directory;
  private final Redirects redirects;
  private final SieveSettings settings;
  private final SieveLimits limits;
  private final MemoryBook memories;
  private final Outbox outbox;
  private final Onward onward;
  private final Wordings wordings;
  private final FailureNotices notices = new FailureNotices(this);
  private final Cache<ByteString, Script> compiled =
      Caffeine.newBuilder()
          .maximumWeight(COMPILED_OCTETS)
          .weigher((ByteString content, Script script) -> SCRIPT_WEIGHT + content.size())
          .build();

  public Filter(
      ScriptBook scripts,
      MailStore mail,
      Directory directory,
      Redirects redirects,
      SieveSettings settings,
      Onward onward,
      Wordings wordings) {
    this.scripts = scripts;
    this.mail = mail;
    this.directory = directory;
    this.redirects = redirects;
    this.settings = settings;
    this.limits = SieveLimits.DEFAULTS.withRedirects(settings.redirects());
    this.memories = new MemoryBook(mail.store().logs(), mail.clock());
    this.outbox = new Outbox(mail.store().logs());
    this.onward = onward;
    this.wordings = wordings;
  }

  /** One that sends mail on as it came, and tells senders in English what they do not tell. */
  public static Filter of(MailStore mail, Directory directory, SieveSettings settings) {
    return of(mail, directory, settings, Onward.AS_IT_CAME, new Wordings(directory, Language.EN));
  }

  public static Filter of(
      MailStore mail,
      Directory directory,
      SieveSettings settings,
      Onward onward,
      Wordings wordings) {
    return new Filter(
        new ScriptBook(mail.store().logs()),
        mail,
        directory,
        Redirects.of(directory, settings.redirect()),
        settings,
        onward,
        wordings);
  }

  /** In which language senders are told what became of their mail. */
  public Wordings wordings() {
    return wordings;
  }

  public SieveSettings settings() {
    return settings;
  }

  /** Makes the senders under which mail is sent on, and knows whom reports to them are for. */
  public ReturnPaths returnPaths() {
    return onward.returnPaths();
  }

  public ScriptBook scripts() {
    return scripts;
  }

  /**
   * Checks a script that is to be stored.
   *
   * @throws ScriptException.Invalid with the place and what is wrong
   */
  public void check(ByteString content) throws ScriptException {
    try {
      Script script = Script.read(content.toByteArray(), SieveLimits.DEFAULTS);
      for (Script.Redirection redirection : script.redirections()) {
        if (redirects.way(redirection.address()) instanceof Way.Nowhere(String why)) {
          throw new ScriptException.Invalid(redirection.at() + ": " + why);
        }
      }
    } catch (SieveException e) {
      throw new ScriptException.Invalid(e.told());
    }
  }

  /** Checks a script and stores it. */
  public void put(String account, String name, ByteString content) throws ScriptException {
    scripts.checkRoom(account, name, content.size());
    check(content);
    scripts.put(account, name, content);
  }

  /**
   * What becomes of a message.
   *
   * @param message for INBOX, with the trace fields of this target
   */
  public Filed file(NewMessage message, Resolution.Target target, Envelope envelope) {
    Filing filing = new Filing(this, target.account().id(), envelope);
    filing.file(message, target, List.of());
    return filing.filed();
  }

  /**
   * What puts a message into the queue.
   *
   * @param sealed who sealed it, for logs; mostly nobody
   */
  public record SentOn(Append append, List<String> sealed) {}

  /**
   * Sends a message on to those elsewhere whom an alias leads to.
   *
   * @param name of the alias, unique in the transaction
   * @param message with the trace fields of the alias
   */
  public SentOn sendOn(String name, NewMessage message, Envelope envelope, List<Mailbox> to) {
    Address by =
        envelope.to() instanceof Mailbox alias
            ? new Address(alias.localPart(), alias.domain())
            : new Address("postmaster", envelope.host());
    String id = envelope.transaction() + ".g" + name;
    List<String> sealed = new ArrayList<>();
    Append append =
        outbox
            .append(
                Forwarding.of(
                    id,
                    message,
                    by,
                    envelope,
                    tls(message, envelope),
                    mail.clock().instant(),
                    // Who hears in the author's place must not be all whom the alias leads to.
                    returnPaths().onward(envelope.from(), new Address("postmaster", by.domain())),
                    "",
                    to,
                    Forwarding.recipient(envelope, by),
                    prefix -> {
                      Signer.Signatures seal =
                          seal(prefix, message, by.domain(), envelope.arrival());
                      sealed.addAll(seal.by());
                      return ByteString.copyFromUtf8(seal.fields()).concat(prefix);
                    }))
            .withKey(envelope.key("/g" + name));
    return new SentOn(append, sealed);
  }

  Outgoing.Tls tls(NewMessage message, Envelope envelope) {
    return TlsWish.of(
        envelope.parameters(),
        mail.store().blobs(),
        message.blob(),
        message.structure().root().bodyStart());
  }

  /**
   * A refusal that is told by mail, since no reply can tell it. Without a sender nobody is told.
   *
   * @param filed what becomes of the message otherwise
   */
  public Filed refusedByMail(
      NewMessage message, Resolution.Target target, Envelope envelope, Filed filed) {
    if (filed.refusal().isEmpty()) {
      return filed;
    }
    Filing filing = new Filing(this, target.account().id(), envelope);
    filing.report(message, target.account(), filed.refusal().get());
    return filed.with(filing.filed());
  }

  /**
   * A script that another one includes.
   *
   * @throws SieveException if it is not in order
   */
  Optional<Script> included(String account, String name) throws SieveException {
    Optional<ByteString> content = scripts.scripts(account).script(name);
    return content.isEmpty() ? Optional.empty() : Optional.of(compiled(content.get()));
  }

  /** A message as a script made it. */
  NewMessage edited(NewMessage message, Edition edition) {
    try (Intake intake = mail.intake();
        BlobReader blob = mail.store().blobs().open(message.blob().id())) {
      edition.writeTo(blob::read, intake);
      Intake.Received written = intake.finish();
      hikyaku.protocol.mime.Envelope seen = written.structure().envelope();
      hikyaku.protocol.mime.Envelope before = message.structure().envelope();
      boolean dated = seen.date() != null;
      // What the fields of this delivery have of it stays known.
      return new NewMessage(
          message.prefix(),
          written.blob(),
          message.internalDate(),
          message.flags(),
          written
              .structure()
              .with(
                  seen.with(
                      dated ? seen.date() : before.date(),
                      seen.messageId() != null ? seen.messageId() : before.messageId()),
                  dated ? written.structure().sent() : message.structure().sent()),
          message.session());
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }

  Directory directory() {
    return directory;
  }

  MailStore mail() {
    return mail;
  }

  Redirects redirects() {
    return redirects;
  }

  MemoryBook memories() {
    return memories;
  }

  /**
   * What is to be put before a message of what was found when it came, if anything was and the
   * domain can sign.
   *
   * @param domain of who sends it on
   * @param prefix of the message as it goes out
   */
  Signer.Signatures seal(
      ByteString prefix, NewMessage message, String domain, Optional<Sealer.Arrival> arrival) {
    if (arrival.isEmpty()) {
      return Signer.Signatures.NONE;
    }
    try {
      return onward
          .sealer()
          .seal(
              domain,
              arrival.get(),
              sink -> {
                sink.write(prefix.toByteArray());
                try (BlobReader blob = mail.store().blobs().open(message.blob().id())) {
                  blob.copy(0, blob.size(), sink);
                }
              });
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }

  /** The header fields that sign a letter of a script; empty if its author's domain has no key. */
  String signature(MailAddress author, Blob letter) {
    try {
      return onward
          .signer()
          .sign(
              Address.of(author).stream().toList(), sink -> mail.store().blobs().copy(letter, sink))
          .fields();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }

  Outbox outbox() {
    return outbox;
  }

  /** How many mails the scripts of an account may send in an hour. */
  long mostInHour(Account account) {
    return Math.min(
        settings.mailsPerHour(), onward.allowance().most(account, ScriptAllowance.HOUR));
  }

  /** The same in a day. */
  long mostInDay(Account account) {
    return onward.allowance().most(account, ScriptAllowance.DAY);
  }

  /** A script that runs. */
  record Source(ScriptName name, ByteString content) {}

  /** Runs scripts over a message; a run that fails keeps it. */
  Outcome run(
      List<Source> sources, NewMessage message, Resolution.Target target, Envelope envelope) {
    List<Interpreter.Stage> stages = new ArrayList<>();
    for (Source source : sources) {
      try {
        stages.add(new Interpreter.Stage(source.name, compiled(source.content)));
      } catch (SieveException e) {
        return Outcome.failed(
            new Outcome.Problem(source.name, e.at().line(), String.valueOf(e.getMessage())),
            List.of());
      }
    }
    try (BlobReader blob = mail.store().blobs().open(message.blob().id())) {
      SieveMessage seen =
          new SieveMessage(
              message.prefix().toByteArray(),
              message.structure(),
              blob::read,
              envelope.from().toString(),
              envelope.to().toString(),
              limits);
      return Interpreter.run(
          stages, seen, new Around(this, target.account(), envelope), limits, Watcher.NONE);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a blob throws StoreException
    }
  }

  /** One that is in use is not read anew for each message. */
  private Script compiled(ByteString content) throws SieveException {
    Script known = compiled.getIfPresent(content);
    if (known == null) {
      known = Script.read(content.toByteArray(), SieveLimits.DEFAULTS);
      compiled.put(content, known);
    }
    return known;
  }

  /**
   * Tells accounts of their scripts that failed, once the round with their messages is done.
   *
   * @param delivered what became of the deliveries
   */
  public void tell(Filed filed, List<Delivered> delivered) {
    filed.kept(delivered).forEach(notices::tell);
  }

  /** Notes it for the operator; that this may fail must not hold up the mail. */
  void failed(Account account, Outcome.Problem problem) {
    ScriptName script = problem.script();
    LOG.atLevel(script.global() ? Level.WARN : Level.INFO)
        .addKeyValue("account", account.primary())
        .addKeyValue("script", script)
        .addKeyValue("line", problem.line())
        .log("a script failed, and its message was kept");
    String sentence = problem.sentence().substring(0, Math.min(TOLD, problem.sentence().length()));
    try {
      scripts.failed(
          script.global() ? ScriptBook.FOR_ALL : account.id(),
          new Scripts.Problem(script.name(), problem.line(), sentence, mail.clock().instant()));
    } catch (StoreException e) {
      LOG.atWarn()
          .addKeyValue("account", account.primary())
          .setCause(e)
          .log("that a script failed could not be noted");
    }
  }
}
