package hikyaku.mailbox.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Delivered;
import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.TestMessages;
import hikyaku.mailbox.log.FlagChange;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.memory.Faults;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.mailbox.view.Copied;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class AccountMailTest {
  private final MemoryStore store = new MemoryStore();
  private final MailStore mail = new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT);
  private final AccountMail account = mail.account("a");

  private List<String> names() {
    return account.tree().folders().stream().map(Folder::name).toList();
  }

  @Test
  void aNewAccountHasTheUsualFoldersSubscribed() {
    assertThat(names()).containsExactly("Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash");
    assertThat(account.tree().subscriptions()).containsExactlyInAnyOrderElementsOf(names());
    assertThat(account.tree().with(SpecialUse.SENT).orElseThrow().name()).isEqualTo("Sent");
    assertThat(account.inbox().refresh().size()).isZero();
  }

  @Test
  void createMakesWhatStandsAboveAndRefusesWhatExists() {
    account.create("a/b/c/", Set.of(), Attempt.ONLY);
    assertThat(names()).contains("a", "a/b", "a/b/c");
    assertThatThrownBy(() -> account.create("a/b", Set.of(), Attempt.ONLY))
        .isInstanceOf(MailboxException.AlreadyExists.class);
    assertThatThrownBy(() -> account.create("inbox", Set.of(), Attempt.ONLY))
        .isInstanceOf(MailboxException.AlreadyExists.class);
    assertThatThrownBy(() -> account.create("x", Set.of(SpecialUse.SENT), Attempt.ONLY))
        .isInstanceOf(MailboxException.SpecialUseTaken.class);
    for (String bad : List.of("", "a//b", "/a", "a\u0000b", "../x", "a*", "x".repeat(2000))) {
      assertThatThrownBy(() -> account.create(bad, Set.of(), Attempt.ONLY))
          .as(bad)
          .isInstanceOf(MailboxException.InvalidName.class);
    }
  }

  @Test
  void aFolderMadeAgainIsAnotherMailbox() {
    Folder first = account.create("x", Set.of(), Attempt.ONLY);
    Mailbox open = account.mailbox("x");
    open.append(List.of(TestMessages.message(store, "one", Flags.NONE)), Attempt.ONLY);
    account.delete("x", Attempt.ONLY);
    assertThatThrownBy(open::refresh).isInstanceOf(MailboxException.Gone.class);
    assertThatThrownBy(() ->
            open.append(List.of(TestMessages.message(store, "two", Flags.NONE)), Attempt.ONLY))
        .isInstanceOf(MailboxException.Gone.class);
    Folder second = account.create("x", Set.of(), Attempt.ONLY);
    assertThat(second.uidValidity()).isGreaterThan(first.uidValidity());
    assertThat(second.id()).isGreaterThan(first.id());
    assertThat(account.mailbox("x").refresh().size()).isZero();
  }

  /**
   * RFC 9051 §2.3.1.1: name, UIDVALIDITY and UID mean one message for ever, whatever is renamed.
   */
  @Test
  void noFolderTakesTheUidsOfAnotherAlongWithItsName() {
    account.create("a/b/c", Set.of(), Attempt.ONLY);
    account.rename("a", "x/y/z", Attempt.ONLY);
    account.rename("INBOX", "v/w", Attempt.ONLY);
    List<Long> validities = account.tree().folders().stream().map(Folder::uidValidity).toList();
    assertThat(validities).hasSizeGreaterThan(12).doesNotHaveDuplicates();
    long archive = account.mailbox("Archive").refresh().uidValidity();
    account.delete("Archive", Attempt.ONLY);
    account.rename("Sent", "Archive", Attempt.ONLY);
    assertThat(account.mailbox("Archive").refresh().uidValidity()).isNotEqualTo(archive);
  }

  @Test
  void renameTakesChildrenAlongAndKeepsMailboxes() {
    account.create("a/b", Set.of(), Attempt.ONLY);
    account
        .mailbox("a/b")
        .append(List.of(TestMessages.message(store, "one", Flags.NONE)), Attempt.ONLY);
    long validity = account.mailbox("a/b").refresh().uidValidity();
    account.rename("a", "n/m", Attempt.ONLY);
    assertThat(names()).contains("n", "n/m", "n/m/b").doesNotContain("a", "a/b");
    MailboxState moved = account.mailbox("n/m/b").refresh();
    assertThat(moved.size()).isEqualTo(1);
    assertThat(moved.uidValidity()).isEqualTo(validity);
    assertThatThrownBy(() -> account.rename("n", "n/x", Attempt.ONLY))
        .isInstanceOf(MailboxException.NotAllowed.class);
    assertThatThrownBy(() -> account.rename("n", "Sent", Attempt.ONLY))
        .isInstanceOf(MailboxException.AlreadyExists.class);
    assertThatThrownBy(() -> account.rename("nothing", "y", Attempt.ONLY))
        .isInstanceOf(MailboxException.Nonexistent.class);
  }

  /** Where the store is a database each look at a log is a question to it. */
  @Test
  void renameLooksAtFewOfManyFolders() {
    for (int i = 0; i < 100; i++) {
      account.create("x" + i, Set.of(), Attempt.ONLY);
    }
    account.tree().folders().forEach(account::mailbox);
    AtomicInteger looks = new AtomicInteger();
    store
        .faults()
        .failWhile(
            call -> {
              looks.addAndGet(call == Faults.Call.HEADS ? 1 : 0);
              return false;
            },
            Faults.When.BEFORE);
    account.rename("x1", "above/above/x1", Attempt.ONLY);
    store.faults().clear();
    assertThat(looks).hasValueLessThan(10);
    for (String name : List.of("INBOX", "above", "above/above", "above/above/x1")) {
      assertThat(store.logs().head(AccountMail.mailboxLog("a", id(name))).exists())
          .as(name)
          .isTrue();
    }
  }

  @Test
  void whatIsDeletedWhileOneIsMadeBelowItStaysAway() {
    account.create("a", Set.of(), Attempt.ONLY);
    long deleted = id("a");
    AtomicBoolean made = new AtomicBoolean();
    AtomicBoolean gone = new AtomicBoolean();
    store
        .faults()
        .failWhile(
            call -> {
              made.compareAndSet(false, call == Faults.Call.APPEND);
              boolean looks = call == Faults.Call.HEADS && made.get();
              if (looks && gone.compareAndSet(false, true)) {
                account.delete("a", Attempt.ONLY);
              }
              return false;
            },
            Faults.When.BEFORE);
    account.create("a/b", Set.of(), Attempt.ONLY);
    store.faults().clear();
    assertThat(gone).isTrue();
    assertThat(store.logs().head(AccountMail.mailboxLog("a", deleted)).exists()).isFalse();
    assertThat(store.logs().head(AccountMail.mailboxLog("a", id("a/b"))).exists()).isTrue();
  }

  private long id(String name) {
    return account.tree().folder(name).orElseThrow().id();
  }

  @Test
  void renamingInboxEmptiesIt() {
    account.inbox().append(List.of(TestMessages.message(store, "one", Flags.NONE)), Attempt.ONLY);
    account.create("INBOX/child", Set.of(), Attempt.ONLY);
    account.rename("INBOX", "old", Attempt.ONLY);
    assertThat(account.inbox().refresh().size()).isZero();
    assertThat(account.mailbox("old").refresh().size()).isEqualTo(1);
    assertThat(names()).contains("INBOX", "INBOX/child", "old");
  }

  @Test
  void aDeletedParentLeavesItsNameBehind() {
    account.create("a/b", Set.of(), Attempt.ONLY);
    account.delete("a", Attempt.ONLY);
    assertThat(account.tree().namesWithoutFolder()).containsExactly("a");
    assertThatThrownBy(() -> account.delete("a", Attempt.ONLY))
        .isInstanceOf(MailboxException.Nonexistent.class);
    account.rename("a", "z", Attempt.ONLY);
    assertThat(names()).contains("z/b").doesNotContain("z");
  }

  @Test
  void subscriptionsOutliveFolders() {
    account.create("x", Set.of(), Attempt.ONLY);
    account.subscribe("x", Attempt.ONLY);
    account.delete("x", Attempt.ONLY);
    assertThat(account.tree().isSubscribed("x")).isTrue();
    account.unsubscribe("x", Attempt.ONLY);
    assertThat(account.tree().isSubscribed("x")).isFalse();
  }

  @Test
  void aLongTreeLogIsFoldedFromASnapshot() {
    for (int i = 0; i < 600; i++) {
      account.subscribe("name" + i, Attempt.ONLY);
    }
    account.create("last", Set.of(), Attempt.ONLY);
    assertThat(store.logs().snapshot(account.log())).isPresent();
    try (MailStore other = new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT)) {
      FolderTree cold = other.account("a").tree();
      assertThat(cold.subscriptions()).isEqualTo(account.tree().subscriptions());
      assertThat(cold.folders()).containsExactlyElementsOf(account.tree().folders());
    }
  }

  @Test
  void racesForOneNameHaveOneWinner() throws Exception {
    int racers = 16;
    CountDownLatch start = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Folder>> results =
          IntStream.range(0, racers)
              .mapToObj(i ->
                  threads.submit(() -> {
                    start.await();
                    return new AccountMail("a", mail).create("same", Set.of(), Attempt.ONLY);
                  }))
              .toList();
      start.countDown();
      int won = 0;
      for (Future<Folder> result : results) {
        try {
          result.get();
          won++;
        } catch (ExecutionException e) {
          assertThat(e.getCause()).isInstanceOf(MailboxException.AlreadyExists.class);
        }
      }
      assertThat(won).isEqualTo(1);
    }
  }

  @Test
  void aDeliveryGoesToEveryAccountAndARepeatChangesNothing() {
    List<Delivery> deliveries =
        List.of(
            Delivery.toInbox("a", TestMessages.message(store, "hello", Flags.NONE)),
            Delivery.toInbox("b", TestMessages.message(store, "hello", Flags.NONE)),
            new Delivery("b", "Junk", TestMessages.message(store, "hello", Flags.NONE), "b"),
            new Delivery("b", "no such", TestMessages.message(store, "hello", Flags.NONE), "b"));
    List<Delivered> first = mail.deliver(deliveries, Attempt.first("k"));
    assertThat(first).allMatch(d -> d instanceof Delivered.Done);
    assertThat(mail.deliver(deliveries, Attempt.first("k"))).isEqualTo(first);
    assertThat(account.inbox().refresh().size()).isEqualTo(1);
    assertThat(mail.account("b").inbox().refresh().size()).isEqualTo(2);
    assertThat(mail.account("b").mailbox("Junk").refresh().size()).isEqualTo(1);
    assertThat(store.blobs().list(null, 10)).hasSize(1);
  }

  /** Of several rounds of one attempt: what an account had by one it has by the others. */
  @Test
  void whoeverElseGetsItAnAccountGetsItOnce() {
    Delivery a = Delivery.toInbox("a", TestMessages.message(store, "hello", Flags.NONE));
    Delivery b = Delivery.toInbox("b", TestMessages.message(store, "hello", Flags.NONE));
    Delivery sentOn =
        new Delivery("b", "INBOX", TestMessages.message(store, "sent on", Flags.NONE), "a");
    List<Delivered> alone = mail.deliver(List.of(b), Attempt.first("k"));
    assertThat(mail.deliver(List.of(a, b), Attempt.first("k")).getLast())
        .isEqualTo(alone.getFirst());
    assertThat(mail.account("b").inbox().refresh().size()).isEqualTo(1);
    assertThat(mail.deliver(List.of(sentOn, b), Attempt.first("k")).getLast())
        .as("what another account sends on is something else")
        .isEqualTo(alone.getFirst());
    assertThat(mail.account("b").inbox().refresh().size()).isEqualTo(2);
  }

  @Test
  void aFailureAfterTheWriteIsHealedByItsKey() {
    account.inbox().refresh();
    List<Delivery> deliveries =
        List.of(Delivery.toInbox("a", TestMessages.message(store, "hello", Flags.NONE)));
    store.faults().failNext(Faults.Call.APPEND, Faults.When.AFTER);
    assertThatThrownBy(() -> mail.deliver(deliveries, Attempt.first("k")))
        .isInstanceOf(StoreException.Unavailable.class);
    assertThat(mail.deliver(deliveries, Attempt.first("k")))
        .allMatch(d -> d instanceof Delivered.Done);
    assertThat(account.inbox().refresh().size()).isEqualTo(1);
  }

  @Test
  void aFolderWhoseMailboxACrashForgotIsMended() {
    Folder folder = account.create("x", Set.of(), Attempt.ONLY);
    store.logs().drop(AccountMail.mailboxLog("a", folder.id()));
    Mailbox mended = account.mailbox("x");
    assertThat(mended.refresh().uidValidity()).isEqualTo(folder.uidValidity());
  }

  @Test
  void copyKeepsFlagsDatesAndOctetsAndMoveLeavesNothing() throws IOException {
    Mailbox inbox = account.inbox();
    List<hikyaku.mailbox.log.NewMessage> messages = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      messages.add(TestMessages.message(store, "m" + i, Flags.of(i, List.of("kw" + i))));
    }
    inbox.append(messages, Attempt.ONLY);
    Mailbox sent = account.mailbox("Sent");
    Copied copied = inbox.copy(inbox.refresh(), UidSet.of(2, 4, 9), sent, Attempt.ONLY);
    assertThat(copied.from().toString()).isEqualTo("2,4");
    assertThat(copied.to().toString()).isEqualTo("1:2");
    Copied moved = inbox.move(inbox.refresh(), UidSet.range(1, 3), sent, Attempt.ONLY);
    assertThat(moved.to().toString()).isEqualTo("3:5");
    assertThat(inbox.refresh().uids().toString()).isEqualTo("4:5");
    MailboxState there = sent.refresh();
    assertThat(there.flags(1)).isEqualTo(Flags.of(3, List.of("kw3")));
    assertThat(sent.messages().read(there, 1).orElseThrow().message()).isEqualTo(messages.get(3));
    assertThat(account.usage().count()).isEqualTo(7);
  }

  /** Each is done once, and answers a repeat on another node as it did the first time. */
  @Test
  void whatIsRepeatedIsDoneOnce() throws IOException {
    try (MailStore elsewhere = new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT)) {
      AccountMail other = elsewhere.account("a");
      Attempt create = Attempt.first("create");
      Folder made = account.create("x/y", Set.of(), create);
      assertThat(other.create("x/y", Set.of(), Attempt.repeat("create"))).isEqualTo(made);
      account.rename("x", "z", Attempt.first("rename"));
      other.rename("x", "z", Attempt.repeat("rename"));
      assertThat(other.tree().folder("z/y").map(Folder::id)).contains(made.id());

      Mailbox inbox = account.inbox();
      List<NewMessage> messages =
          List.of(
              TestMessages.message(store, "one", Flags.NONE),
              TestMessages.message(store, "two", Flags.NONE));
      inbox.append(messages, Attempt.ONLY);
      UidSet both = UidSet.range(1, 2);
      Copied moved = inbox.move(inbox.refresh(), both, account.mailbox("z"), Attempt.first("move"));
      Copied again =
          other
              .inbox()
              .move(other.inbox().refresh(), both, other.mailbox("z"), Attempt.repeat("move"));
      assertThat(again).isEqualTo(moved);
      assertThat(moved.from()).isEqualTo(both);
      assertThat(other.mailbox("z").refresh().size()).isEqualTo(2);

      // Half of it was done, and one of the messages went in another way.
      Mailbox z = account.mailbox("z");
      Copied copied = z.copy(z.refresh(), both, inbox, Attempt.first("half+"));
      z.expunge(UidSet.of(1), Attempt.ONLY);
      Mailbox there = other.mailbox("z");
      assertThat(there.move(there.refresh(), both, other.inbox(), Attempt.repeat("half")))
          .isEqualTo(copied);
      assertThat(z.refresh().size()).isZero();
      assertThat(inbox.refresh().size()).isEqualTo(2);

      assertThat(account.delete("z/y", Attempt.first("delete"))).isEqualTo(made.id());
      account.create("z/y", Set.of(), Attempt.ONLY);
      assertThat(other.delete("z/y", Attempt.repeat("delete"))).isEqualTo(made.id());
      assertThat(other.tree().folder("z/y")).isPresent();
      account.subscribe("n", Attempt.first("subscribe"));
      account.unsubscribe("n", Attempt.ONLY);
      other.subscribe("n", Attempt.repeat("subscribe"));
      assertThat(other.tree().isSubscribed("n")).isFalse();
    }
  }

  /** What was over and is not there had failed. */
  @Test
  void nothingIsWrittenOnceAnAttemptIsOver() {
    Mailbox inbox = account.inbox();
    List<NewMessage> one = List.of(TestMessages.message(store, "one", Flags.NONE));
    inbox.append(one, Attempt.ONLY);
    Attempt over = new Attempt("over", Attempt.Phase.OVER);
    MailboxState now = inbox.refresh();
    FlagChange seen = FlagChange.add(Flags.of(SystemFlag.SEEN));
    UidSet uids = UidSet.of(1);
    List<ThrowingCallable> writes =
        List.of(
            () -> inbox.append(one, over),
            () -> inbox.changeFlags(now, uids, seen, -1, over),
            () -> inbox.changeFlags(now, uids, seen, now.seq(), over),
            () -> inbox.expunge(uids, over),
            () -> inbox.copy(now, uids, account.mailbox("Trash"), over),
            () -> account.create("new", Set.of(), over));
    for (ThrowingCallable write : writes) {
      assertThatThrownBy(write).isInstanceOf(StoreException.Unavailable.class);
    }
    assertThat(inbox.refresh()).isSameAs(now);
    FlagChange none = FlagChange.remove(Flags.of(SystemFlag.SEEN));
    assertThat(inbox.changeFlags(now, uids, none, -1, over).seq()).isZero();
    assertThat(inbox.expungeDeleted(now, null, over).uids().isEmpty()).isTrue();
  }
}
