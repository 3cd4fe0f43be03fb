package hikyaku.server.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.store.memory.Faults;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.pop3.Admission.Answer;
import hikyaku.server.pop3.Admission.Hold;
import hikyaku.server.testing.TestClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Maildrops that one session at a time may have, whichever node it comes to. */
class AdmissionTest {
  private final TestClock clock = new TestClock();
  private final MemoryStore store = new MemoryStore(clock);
  private final Set<String> alive = new HashSet<>(Set.of("n1", "n2", "n3"));

  /** What is done when the time of those that have left is over. */
  private final List<Runnable> later = new ArrayList<>();

  private void endGrace() {
    List<Runnable> due = List.copyOf(later);
    later.clear();
    due.forEach(Runnable::run);
  }

  private void after(BooleanSupplier attempt, Runnable end) {
    later.add(() -> {
      if (attempt.getAsBoolean()) {
        end.run();
      } else {
        after(attempt, end);
      }
    });
  }

  private Admission node(String name) {
    return node(name, true, Duration.ZERO);
  }

  private Admission node(String name, boolean exclusive, Duration delay) {
    LiveNodes nodes =
        new LiveNodes() {
          @Override
          public String self() {
            return name;
          }

          @Override
          public boolean isAlive(String run) {
            return alive.contains(run);
          }
        };
    return new Admission(
        new Pop3Settings(exclusive, delay, Pop3Limits.DEFAULTS),
        store.logs(),
        nodes,
        clock,
        this::after);
  }

  private static Hold admitted(Answer answer) {
    assertThat(answer).isInstanceOf(Answer.Admitted.class);
    return ((Answer.Admitted) answer).hold();
  }

  @Test
  void aSecondNodeTurnsTheSecondSessionAway() {
    Admission one = node("n1");
    Admission two = node("n2");
    Hold hold = admitted(one.enter("a", "s1"));
    assertThat(two.enter("a", "s2")).isInstanceOf(Answer.InUse.class);
    assertThat(one.enter("a", "s3")).isInstanceOf(Answer.InUse.class);
    assertThat(two.enter("b", "s2")).isInstanceOf(Answer.Admitted.class);
    one.leave(hold, false);
    assertThat(two.enter("a", "s4")).isInstanceOf(Answer.Admitted.class);
  }

  @Test
  void aNodesDeathFreesItsMaildrops() {
    admitted(node("n1").enter("a", "s1"));
    Admission two = node("n2");
    assertThat(two.enter("a", "s2")).isInstanceOf(Answer.InUse.class);
    alive.remove("n1");
    assertThat(two.enter("a", "s2")).isInstanceOf(Answer.Admitted.class);
  }

  @Test
  void theNextRunOfANodeHoldsNothing() {
    admitted(node("n1").enter("a", "s1"));
    assertThat(node("n1").enter("a", "s2")).isInstanceOf(Answer.Admitted.class);
  }

  @Test
  void aSessionThatMovesTakesItAlong() throws Exception {
    Admission one = node("n1");
    Admission two = node("n2");
    Admission three = node("n3");
    Hold hold = admitted(one.enter("a", "s1"));
    one.leave(hold, true);
    // Between two nodes it is nobody else's.
    assertThat(one.enter("a", "s2")).isInstanceOf(Answer.InUse.class);
    assertThat(three.enter("a", "s2")).isInstanceOf(Answer.InUse.class);
    Hold there = two.comeBack("a", "s1");
    assertThat(there).isNotEqualTo(Hold.NONE);
    endGrace();
    assertThat(three.enter("a", "s2")).isInstanceOf(Answer.InUse.class);
    alive.remove("n1");
    assertThat(three.enter("a", "s2")).isInstanceOf(Answer.InUse.class);
    two.leave(there, false);
    assertThat(three.enter("a", "s2")).isInstanceOf(Answer.Admitted.class);
  }

  @Test
  void aSessionThatComesBackToTheSameNodeKeepsIt() throws Exception {
    Admission one = node("n1");
    one.leave(admitted(one.enter("a", "s1")), true);
    Hold again = one.comeBack("a", "s1");
    endGrace();
    assertThat(node("n2").enter("a", "s2")).isInstanceOf(Answer.InUse.class);
    one.leave(again, false);
    assertThat(node("n2").enter("a", "s2")).isInstanceOf(Answer.Admitted.class);
  }

  @Test
  void aSessionThatNeverComesBackLosesIt() throws Exception {
    Admission one = node("n1");
    one.leave(admitted(one.enter("a", "s1")), true);
    Admission two = node("n2");
    store.faults().failWhile(_ -> true, Faults.When.BEFORE);
    endGrace();
    store.faults().clear();
    // It could not be written down then, so it is tried again.
    assertThat(two.enter("a", "s2")).isInstanceOf(Answer.InUse.class);
    endGrace();
    assertThat(two.enter("a", "s2")).isInstanceOf(Answer.Admitted.class);
    assertThat(later).isEmpty();
  }

  /** Of a login whose node fell silent nobody knows whether it got in. */
  @Test
  void aLoginThatIsRepeatedMeetsItself() {
    admitted(node("n1").enter("a", "s1"));
    assertThat(node("n2").enter("a", "s1")).isInstanceOf(Answer.Admitted.class);
  }

  @Test
  void whoWasTakenForDeadSharesWithItsSuccessor() {
    Admission two = node("n2");
    admitted(node("n1").enter("a", "s1"));
    alive.remove("n1");
    Hold successor = admitted(two.enter("a", "s2"));
    Admission three = node("n3");
    Hold late = three.comeBack("a", "s1");
    assertThat(late).isEqualTo(Hold.NONE);
    three.leave(late, false);
    assertThat(three.enter("a", "s3")).isInstanceOf(Answer.InUse.class);
    two.leave(successor, false);
    assertThat(three.enter("a", "s3")).isInstanceOf(Answer.Admitted.class);
  }

  @Test
  void manyNodesLetOneIn() throws Exception {
    for (int round = 0; round < 50; round++) {
      String account = "r" + round;
      AtomicInteger in = new AtomicInteger();
      CountDownLatch start = new CountDownLatch(1);
      List<Thread> threads = new ArrayList<>();
      for (int i = 1; i <= 3; i++) {
        Admission node = node("n" + i);
        String session = "s" + i;
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    start.await();
                    for (int each = 0; each < 2; each++) {
                      if (node.enter(account, session + each) instanceof Answer.Admitted) {
                        in.incrementAndGet();
                      }
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
      }
      start.countDown();
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(in).hasValue(1);
    }
  }

  @Test
  void theDelayBetweenLoginsIsTheAccounts() {
    Admission one = node("n1", false, Duration.ofSeconds(60));
    Admission two = node("n2", false, Duration.ofSeconds(60));
    admitted(one.enter("a", "s1"));
    clock.advance(Duration.ofSeconds(59));
    assertThat(two.enter("a", "s2")).isInstanceOf(Answer.TooEarly.class);
    // A repeat of what was admitted is no other login.
    assertThat(two.enter("a", "s1")).isInstanceOf(Answer.Admitted.class);
    clock.advance(Duration.ofSeconds(1));
    assertThat(two.enter("a", "s3")).isInstanceOf(Answer.Admitted.class);
    assertThat(one.enter("a", "s4")).isInstanceOf(Answer.TooEarly.class);
  }

  @Test
  void theLogStaysShort() {
    Admission one = node("n1");
    for (int i = 0; i < 300; i++) {
      one.leave(admitted(one.enter("a", "s" + i)), false);
    }
    assertThat(store.logs().read(AccountMail.maildropLog("a"), 0, 1000, 1000)).hasSizeLessThan(130);
    assertThat(store.logs().head(AccountMail.maildropLog("a")).seq()).isEqualTo(600);
  }
}
