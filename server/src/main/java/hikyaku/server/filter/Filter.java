package hikyaku.server.filter;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.SpecialUse;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.sieve.Action;
import hikyaku.protocol.sieve.Interpreter;
import hikyaku.protocol.sieve.Outcome;
import hikyaku.protocol.sieve.Script;
import hikyaku.protocol.sieve.SieveException;
import hikyaku.protocol.sieve.SieveLimits;
import hikyaku.protocol.sieve.SieveMessage;
import hikyaku.protocol.sieve.Watcher;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Resolution;
import hikyaku.server.filter.Redirects.Way;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says where a message goes, by the script of the account that it is for. Safe for many threads.
 */
public final class Filter {
  /** Accounts that one message may be redirected to, those included that it is redirected on to. */
  private static final int MOST_REDIRECTED = 20;

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
  private final Cache<ByteString, Script> compiled =
      Caffeine.newBuilder()
          .maximumWeight(COMPILED_OCTETS)
          .weigher((ByteString content, Script script) -> SCRIPT_WEIGHT + content.size())
          .build();

  public Filter(ScriptBook scripts, MailStore mail, Directory directory, Redirects redirects) {
    this.scripts = scripts;
    this.mail = mail;
    this.directory = directory;
    this.redirects = redirects;
  }

  /** One whose scripts redirect within this service. */
  public static Filter of(MailStore mail, Directory directory) {
    return new Filter(
        new ScriptBook(mail.store().logs()), mail, directory, Redirects.within(directory));
  }

  public ScriptBook scripts() {
    return scripts;
  }

  /**
   * How a message came.
   *
   * @param from the reverse-path; empty for none
   * @param to the recipient as the client named it
   * @param facts for the environment test, by name
   */
  public record Envelope(String from, String to, Map<String, String> facts) {}

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
   * Where a message goes.
   *
   * @param message for INBOX, with the trace fields of this target
   * @return for each mailbox once; empty if it is to be discarded
   */
  public List<Delivery> file(NewMessage message, Resolution.Target target, Envelope envelope) {
    Filing filing = new Filing(envelope);
    filing.file(message, target, List.of());
    return List.copyOf(filing.deliveries.sequencedValues());
  }

  /** Why a script cannot have what it wants. */
  private static final class Unfit extends Exception {
    Unfit(String sentence) {
      super(sentence);
    }
  }

  /** The way of one message through one script, and those of the accounts it is redirected to. */
  private final class Filing {
    private final Envelope envelope;
    private final SequencedMap<List<String>, Delivery> deliveries = new LinkedHashMap<>();
    private final Set<String> visited = new HashSet<>();

    Filing(Envelope envelope) {
      this.envelope = envelope;
    }

    /**
     * @param before the accounts whose scripts sent it on to here
     */
    void file(NewMessage message, Resolution.Target target, List<String> before) {
      String account = target.account().id();
      visited.add(account);
      Scripts own = scripts.scripts(account);
      Optional<ByteString> active = own.script(own.active());
      if (active.isEmpty()) {
        add(account, Folder.INBOX, message, Flags.NONE);
        return;
      }
      Outcome outcome = run(active.get(), message, target);
      Optional<Outcome.Problem> problem = outcome.problem();
      try {
        carryOut(outcome.actions(), message, target, before);
      } catch (Unfit e) {
        add(account, Folder.INBOX, message, Flags.NONE);
        problem = Optional.of(new Outcome.Problem(0, String.valueOf(e.getMessage())));
      }
      problem.ifPresent(why -> failed(target.account(), own.active(), why));
    }

    private Outcome run(ByteString content, NewMessage message, Resolution.Target target) {
      try (BlobReader blob = mail.store().blobs().open(message.blob().id())) {
        Script script = compiled(content);
        SieveMessage seen =
            new SieveMessage(
                message.prefix().toByteArray(),
                message.structure(),
                blob::read,
                envelope.from,
                envelope.to,
                SieveLimits.DEFAULTS);
        return Interpreter.run(
            script,
            seen,
            new Around(mail, directory, target.account(), envelope.facts),
            SieveLimits.DEFAULTS,
            Watcher.NONE);
      } catch (SieveException e) {
        return kept(new Outcome.Problem(e.at().line(), String.valueOf(e.getMessage())));
      } catch (IOException e) {
        throw new UncheckedIOException(e); // a blob throws StoreException
      }
    }

    private static Outcome kept(Outcome.Problem problem) {
      return new Outcome(List.of(new Action.Keep(List.of(), true)), Optional.of(problem));
    }

    /** All of them, or none if one cannot be done. */
    private void carryOut(
        List<Action> actions, NewMessage message, Resolution.Target target, List<String> before)
        throws Unfit {
      record Kept(String folder, Flags flags) {}
      List<Kept> kept = new ArrayList<>();
      List<Resolution.Target> further = new ArrayList<>();
      for (Action action : actions) {
        switch (action) {
          case Action.Keep(List<String> flags, boolean _) ->
              kept.add(new Kept(Folder.INBOX, flags(flags)));
          case Action.FileInto into ->
              kept.add(new Kept(folder(into, target.account()), flags(into.flags())));
          case Action.Redirect(String address) -> {
            for (Resolution.Target each : redirected(address, message, before)) {
              if (each.account().id().equals(target.account().id())) {
                kept.add(new Kept(Folder.INBOX, Flags.NONE));
              } else {
                further.add(each);
              }
            }
          }
        }
      }
      if (visited.size() + further.size() > MOST_REDIRECTED) {
        throw new Unfit("the message was redirected to too many addresses");
      }
      kept.forEach(each -> add(target.account().id(), each.folder, message, each.flags));
      List<String> chain = new ArrayList<>(before);
      chain.add(target.account().id());
      for (Resolution.Target each : further) {
        // Whom two scripts redirect to gets it once: he is done with, for he is none of the chain.
        if (!visited.contains(each.account().id())) {
          file(forwarded(message, each), each, chain);
        }
      }
    }

    private List<Resolution.Target> redirected(
        String address, NewMessage message, List<String> before) throws Unfit {
      return switch (redirects.way(address)) {
        case Way.Nowhere(String why) -> throw new Unfit(why);
        case Way.Here(List<Resolution.Target> targets) -> {
          for (Resolution.Target each : targets) {
            if (hadBefore(message, each) || before.contains(each.account().id())) {
              throw new Unfit(each.reachedBy() + " has had this message before");
            }
            if (isFull(each.account(), message)) {
              throw new Unfit("the mailbox of " + each.reachedBy() + " is full");
            }
          }
          yield targets;
        }
      };
    }

    private void add(String account, String folder, NewMessage message, Flags flags) {
      deliveries.merge(
          List.of(account, folder),
          new Delivery(account, folder, message.with(flags)),
          (before, again) ->
              new Delivery(
                  account, folder, before.message().with(before.message().flags().plus(flags))));
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

  /** The folder's name as the tree has it. */
  private String folder(Action.FileInto into, Account account) throws Unfit {
    AccountMail own = mail.account(account.id());
    FolderTree tree = own.tree();
    Optional<SpecialUse> use = into.specialUse().flatMap(SpecialUse::of);
    Optional<Folder> folder = use.flatMap(tree::with).or(() -> tree.folder(into.mailbox()));
    if (folder.isPresent()) {
      return folder.get().name();
    }
    if (!into.create()) {
      throw new Unfit("there is no mailbox " + into.mailbox());
    }
    try {
      String name =
          own.create(into.mailbox(), use.map(Set::of).orElse(Set.of()), Attempt.ONLY).name();
      own.subscribe(name, Attempt.ONLY);
      return name;
    } catch (MailboxException.AlreadyExists e) {
      // Another delivery was quicker.
      return own.tree().folder(into.mailbox()).map(Folder::name).orElse(Folder.INBOX);
    } catch (MailboxException e) {
      throw new Unfit("the mailbox " + into.mailbox() + " cannot be made: " + e.getMessage());
    }
  }

  private static boolean hadBefore(NewMessage message, Resolution.Target target) {
    return message.structure().deliveredTo().stream()
        .anyMatch(value -> value.strip().equalsIgnoreCase(target.reachedBy().toString()));
  }

  private boolean isFull(Account account, NewMessage message) {
    if (account.quota().equals(Quota.NONE)) {
      return false;
    }
    Tally held = mail.account(account.id()).usage();
    return !account.quota().allows(held.octets() + message.octets(), held.count() + 1);
  }

  /** The message with one more step in its trace, below the Return-Path (RFC 9228 §4). */
  private static NewMessage forwarded(NewMessage message, Resolution.Target target) {
    String fields = message.prefix().toStringUtf8();
    int first = fields.startsWith("Return-Path:") ? fields.indexOf("\r\n") + 2 : 0;
    String step =
        "Delivered-To: "
            + new MailAddress(target.reachedBy().localPart(), target.reachedBy().domain())
            + "\r\n";
    return new NewMessage(
        ByteString.copyFromUtf8(fields.substring(0, first) + step + fields.substring(first)),
        message.blob(),
        message.internalDate(),
        message.flags(),
        message.structure(),
        message.session());
  }

  private static Flags flags(Collection<String> names) {
    int system = 0;
    List<String> keywords = new ArrayList<>();
    for (String name : names) {
      if (!name.startsWith("\\")) {
        keywords.add(name);
      }
      for (SystemFlag flag : SystemFlag.values()) {
        system |= flag.wire().equalsIgnoreCase(name) ? flag.bit() : 0;
      }
    }
    return Flags.of(system, keywords);
  }

  /** Tells the account; that this may fail must not hold up the mail. */
  private void failed(Account account, String script, Outcome.Problem problem) {
    LOG.atInfo()
        .addKeyValue("account", account.primary())
        .addKeyValue("line", problem.line())
        .log("a script failed, and its message was kept");
    String sentence = problem.sentence().substring(0, Math.min(TOLD, problem.sentence().length()));
    try {
      scripts.failed(
          account.id(),
          new Scripts.Problem(script, problem.line(), sentence, mail.clock().instant()));
    } catch (StoreException e) {
      LOG.atWarn()
          .addKeyValue("account", account.primary())
          .setCause(e)
          .log("that a script failed could not be noted");
    }
  }
}
