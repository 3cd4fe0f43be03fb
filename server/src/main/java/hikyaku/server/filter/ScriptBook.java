package hikyaku.server.filter;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Conflict;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.FoldedLogs;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogFold;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.sieve.ScriptName;
import hikyaku.protocol.sieve.SieveLimits;
import hikyaku.server.filter.proto.ScriptEvent;
import hikyaku.server.filter.proto.ScriptRecord;
import hikyaku.server.filter.proto.ScriptRenamed;
import hikyaku.server.filter.proto.ScriptsChosen;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The scripts of accounts, the same for all nodes. Reading is current; a change is durable when its
 * method returns. Every method may throw {@link StoreException}. Safe for use by many threads.
 */
public final class ScriptBook {
  /** Scripts that an account may have. */
  public static final int MOST = 64;

  /** Octets of all of an account's scripts: they must fit into one snapshot. */
  public static final int MOST_OCTETS = 2 * 1024 * 1024;

  /** In place of an account's id: scripts for all. */
  public static final String FOR_ALL = "all";

  /** How often the same problem is noted. */
  private static final Duration SAME_PROBLEM = Duration.ofHours(1);

  private static final int PAGE = 200;
  private static final int SNAPSHOT_AFTER = 20;
  private static final int TRIES = 20;

  /** What is held in memory, in octets; what a fold weighs besides its scripts. */
  private static final long CACHED_OCTETS = 64L * 1024 * 1024;

  private static final int WEIGHT = 500;

  private static final LogFold<Scripts> FOLD =
      new LogFold<>(Scripts::seq, Scripts::of, Scripts::fold, PAGE);

  private final LogStore logs;
  private final FoldedLogs<Scripts> folds;

  public ScriptBook(LogStore logs) {
    this.logs = logs;
    this.folds =
        new FoldedLogs<>(
            logs,
            FOLD,
            Scripts.NONE,
            scripts -> WEIGHT + (int) scripts.octets(),
            CACHED_OCTETS,
            (_, _) -> {});
  }

  /** An account's scripts as they are now. */
  public Scripts scripts(String account) {
    return folds.current(AccountMail.scriptsLog(account));
  }

  /**
   * What runs for an account.
   *
   * @param own its scripts
   * @param forAll those for all
   */
  record Running(Scripts own, Scripts forAll) {}

  /** What runs for an account as it is now, in one question to the store. */
  Running running(String account) {
    LogName own = AccountMail.scriptsLog(account);
    LogName forAll = AccountMail.scriptsLog(FOR_ALL);
    Map<LogName, Head> heads = logs.heads(List.of(own, forAll));
    return new Running(
        folds.current(own, heads.getOrDefault(own, Head.NONE)),
        folds.current(forAll, heads.getOrDefault(forAll, Head.NONE)));
  }

  /**
   * What a change makes of the scripts as they are: an event, or nothing if there is none to make.
   */
  @FunctionalInterface
  private interface Decision {
    Optional<ScriptEvent> on(Scripts now) throws ScriptException;
  }

  private void change(String account, Decision decision) throws ScriptException {
    LogName log = AccountMail.scriptsLog(account);
    for (int tries = 0; tries < TRIES; tries++) {
      Scripts now = scripts(account);
      Optional<ScriptEvent> event = decision.on(now);
      if (event.isEmpty()) {
        return;
      }
      Append append =
          Append.to(log, List.of(Event.of(event.get().toByteString())))
              .expecting(Append.Expect.at(now.seq()));
      if (!(logs.append(append) instanceof Conflict)) {
        // Old contents of scripts go with the entries that had them.
        Scripts changed = scripts(account);
        folds.snapshotIfLong(log, changed, SNAPSHOT_AFTER, changed::snapshot);
        return;
      }
    }
    throw new StoreException.Unavailable(
        "log " + log + " moved at each of " + TRIES + " attempts to write to it", null);
  }

  /**
   * @throws ScriptException.InvalidName if no script may have this name (RFC 5804 §1.6)
   */
  public static void checkName(String name) throws ScriptException {
    if (!ScriptName.isValid(name)) {
      throw new ScriptException.InvalidName();
    }
  }

  /**
   * Whether there is room for a script, in place of the one of its name.
   *
   * @param octets of the script
   */
  public void checkRoom(String account, String name, long octets) throws ScriptException {
    checkRoom(scripts(account), name, octets);
  }

  private static void checkRoom(Scripts now, String name, long octets) throws ScriptException {
    checkName(name);
    int most = SieveLimits.DEFAULTS.scriptOctets();
    if (octets > most) {
      throw new ScriptException.TooLarge("a script has at most " + most + " octets");
    }
    Optional<ByteString> before = now.script(name);
    if (before.isEmpty() && now.byName().size() >= MOST) {
      throw new ScriptException.TooMany();
    }
    if (now.octets() - before.map(ByteString::size).orElse(0) + octets > MOST_OCTETS) {
      throw new ScriptException.TooLarge(
          "an account's scripts have at most " + MOST_OCTETS + " octets together");
    }
  }

  /** Stores a script that was checked, in place of the one of its name. */
  void put(String account, String name, ByteString content) throws ScriptException {
    change(
        account,
        now -> {
          checkRoom(now, name, content.size());
          if (now.script(name).equals(Optional.of(content))) {
            return Optional.empty();
          }
          ScriptRecord record = ScriptRecord.newBuilder().setName(name).setContent(content).build();
          return Optional.of(ScriptEvent.newBuilder().setPut(record).build());
        });
  }

  public void delete(String account, String name) throws ScriptException {
    change(
        account,
        now -> {
          requireScript(now, name);
          if (now.isUsed(name)) {
            throw new ScriptException.Active();
          }
          return Optional.of(ScriptEvent.newBuilder().setDeleted(name).build());
        });
  }

  /** Gives a script another name; if it is active it stays so (RFC 5804 §2.11). */
  public void rename(String account, String from, String to) throws ScriptException {
    checkName(to);
    change(
        account,
        now -> {
          requireScript(now, from);
          if (now.script(to).isPresent()) {
            throw new ScriptException.AlreadyExists();
          }
          ScriptRenamed renamed = ScriptRenamed.newBuilder().setFrom(from).setTo(to).build();
          return Optional.of(ScriptEvent.newBuilder().setRenamed(renamed).build());
        });
  }

  /**
   * Lets a script run from now on, in place of the one that did.
   *
   * @param name empty for none
   */
  public void activate(String account, String name) throws ScriptException {
    change(
        account,
        now -> {
          if (!name.isEmpty()) {
            requireScript(now, name);
          }
          return now.active().equals(name)
              ? Optional.empty()
              : Optional.of(ScriptEvent.newBuilder().setActivated(name).build());
        });
  }

  /**
   * Lets scripts for all run around those of accounts, in place of those that did.
   *
   * @param before in order
   * @param after in order
   */
  public void choose(List<String> before, List<String> after) throws ScriptException {
    change(
        FOR_ALL,
        now -> {
          for (String name : before) {
            requireScript(now, name);
          }
          for (String name : after) {
            requireScript(now, name);
          }
          ScriptsChosen chosen =
              ScriptsChosen.newBuilder().addAllBefore(before).addAllAfter(after).build();
          return Optional.of(ScriptEvent.newBuilder().setChosen(chosen).build());
        });
  }

  private static void requireScript(Scripts now, String name) throws ScriptException {
    if (now.script(name).isEmpty()) {
      throw new ScriptException.Nonexistent();
    }
  }

  /** Notes that a run failed; the same as last time is noted once an hour. */
  void failed(String account, Scripts.Problem problem) {
    try {
      change(
          account,
          now -> {
            boolean known =
                now.problem()
                    .filter(last ->
                        last.script().equals(problem.script())
                            && last.line() == problem.line()
                            && last.sentence().equals(problem.sentence())
                            && last.time().plus(SAME_PROBLEM).isAfter(problem.time()))
                    .isPresent();
            return known
                ? Optional.empty()
                : Optional.of(ScriptEvent.newBuilder().setFailed(Scripts.record(problem)).build());
          });
    } catch (ScriptException e) {
      throw new IllegalStateException("the decision refuses nothing", e);
    }
  }
}
