package hikyaku.mailbox;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.log.FlagChange;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.mailbox.view.ExpungeOutcome;
import hikyaku.mailbox.view.FlagsOutcome;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * A first attempt that takes effect in the middle of the repeat: right behind the moment at which
 * the repeat has looked it up and not found it. The repeat still answers what the first would have.
 */
class LateAttemptTest {
  private static final Attempt FIRST = Attempt.first("write");
  private static final Attempt REPEAT = Attempt.repeat("write");

  private final MemoryStore store = new MemoryStore();
  private final AccountMail first = account(store);
  private final AccountMail second = account(watched());
  private Runnable behindLookup = () -> {};

  private static AccountMail account(Store of) {
    return new MailStore(of, Clock.systemUTC(), MailboxLimits.DEFAULT).account("a");
  }

  /** The store, with something that happens once, behind a lookup of a key that finds nothing. */
  private Store watched() {
    LogStore logs =
        (LogStore)
            Proxy.newProxyInstance(
                LogStore.class.getClassLoader(),
                new Class<?>[] {LogStore.class},
                (_, method, arguments) -> {
                  try {
                    Object answer = method.invoke(store.logs(), arguments);
                    if (method.getName().equals("find")) {
                      Runnable once = behindLookup;
                      behindLookup = () -> {};
                      once.run();
                    }
                    return answer;
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    return (Store)
        Proxy.newProxyInstance(
            Store.class.getClassLoader(),
            new Class<?>[] {Store.class},
            (_, method, arguments) ->
                method.getName().equals("logs") ? logs : method.invoke(store, arguments));
  }

  private UidSet message() {
    return first
        .inbox()
        .append(List.of(TestMessages.message(store, "text", Flags.NONE)), Attempt.ONLY)
        .uids();
  }

  @Test
  void conditionalStoreIsNotInItsOwnWay() {
    UidSet uids = message();
    Mailbox here = second.inbox();
    MailboxState seen = here.refresh();
    FlagChange change = FlagChange.add(Flags.of(0, List.of("own")));
    long since = seen.seq();
    behindLookup =
        () -> {
          first.inbox().changeFlags(first.inbox().refresh(), uids, change, since, FIRST);
          // Another session of this node looks.
          here.refresh();
        };
    FlagsOutcome outcome = here.changeFlags(seen, uids, change, since, REPEAT);
    assertThat(outcome.modified().isEmpty()).isTrue();
    assertThat(outcome.changed()).isEqualTo(uids);
  }

  @Test
  void expungeTellsWhatWent() {
    UidSet uids = message();
    Mailbox here = second.inbox();
    FlagChange deleted = FlagChange.add(Flags.of(SystemFlag.DELETED.bit(), List.of()));
    first.inbox().changeFlags(first.inbox().refresh(), uids, deleted, -1, Attempt.ONLY);
    MailboxState seen = here.refresh();
    behindLookup =
        () -> {
          first.inbox().expungeDeleted(first.inbox().refresh(), null, FIRST);
          here.refresh();
        };
    ExpungeOutcome outcome = here.expungeDeleted(seen, null, REPEAT);
    assertThat(outcome.uids()).isEqualTo(uids);
  }

  @Test
  void folderMadeIsNotInItsOwnWay() {
    behindLookup = () -> first.create("Work", Set.of(), FIRST);
    assertThat(second.create("Work", Set.of(), REPEAT).name()).isEqualTo("Work");
  }

  @Test
  void folderDeletedWasThere() {
    long id = first.create("Work", Set.of(), Attempt.ONLY).id();
    second.tree();
    behindLookup = () -> first.delete("Work", FIRST);
    assertThat(second.delete("Work", REPEAT)).isEqualTo(id);
    assertThat(second.tree().folder("Work")).isEmpty();
  }

  @Test
  void folderRenamedIsNotInItsOwnWay() {
    first.create("Work", Set.of(), Attempt.ONLY);
    second.tree();
    behindLookup = () -> first.rename("Work", "Play", FIRST);
    second.rename("Work", "Play", REPEAT);
    assertThat(second.tree().folder("Play")).isPresent();
  }
}
