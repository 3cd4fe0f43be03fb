package hikyaku.server.flow;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.flow.FairGate.Fate;
import hikyaku.server.flow.FairGate.Waiter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class FairGateTest {
  private static final long SECOND = 1_000_000_000;

  private long now;

  private FairGate gate(int perSecond, int burst, int room) {
    return new FairGate(new Bucket(() -> now, perSecond, burst), room);
  }

  private static List<Waiter> arrive(FairGate gate, String group, int count) {
    return IntStream.range(0, count).mapToObj(_ -> gate.arrive(group)).toList();
  }

  private static long count(List<Waiter> waiters, Fate fate) {
    return waiters.stream().filter(waiter -> waiter.fate() == fate).count();
  }

  @Test
  void groupsTakeTurns() {
    FairGate gate = gate(10, 5, 1000);
    List<Waiter> crowd = arrive(gate, "crowd", 100);
    assertThat(count(crowd, Fate.PASSED)).isEqualTo(5);
    List<Waiter> few = arrive(gate, "few", 3);
    List<Waiter> one = arrive(gate, "one", 1);
    now += SECOND / 2;
    gate.release();
    // Five turns: crowd, few, one, crowd, few.
    assertThat(count(crowd, Fate.PASSED)).isEqualTo(7);
    assertThat(count(few, Fate.PASSED)).isEqualTo(2);
    assertThat(count(one, Fate.PASSED)).isEqualTo(1);
    now += 20 * SECOND;
    for (int i = 0; i < 20; i++) {
      gate.release();
      now += SECOND;
    }
    assertThat(count(crowd, Fate.PASSED)).isEqualTo(100);
    assertThat(count(few, Fate.PASSED)).isEqualTo(3);
  }

  @Test
  void aCrowdIsTurnedAwayFromTheEndOfItsOwnLine() {
    FairGate gate = gate(1, 1, 10);
    List<Waiter> crowd = new ArrayList<>(arrive(gate, "crowd", 11));
    assertThat(count(crowd, Fate.TURNED_AWAY)).isZero();
    List<Waiter> few = arrive(gate, "few", 3);
    assertThat(count(few, Fate.TURNED_AWAY)).isZero();
    assertThat(count(crowd, Fate.TURNED_AWAY)).isEqualTo(3);
    assertThat(crowd.subList(8, 11)).allMatch(waiter -> waiter.fate() == Fate.TURNED_AWAY);
    assertThat(gate.arrive("crowd").fate()).isEqualTo(Fate.TURNED_AWAY);
  }

  @Test
  void threadsThatWaitAllPass() throws Exception {
    FairGate gate = new FairGate(new Bucket(System::nanoTime, 5000, 1), 1000);
    AtomicInteger passed = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      String group = "g" + i % 7;
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                if (gate.pass(group)) {
                  passed.incrementAndGet();
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(passed).hasValue(500);
  }

  @Test
  void whoIsInterruptedIsInNobodysWay() throws Exception {
    FairGate gate = gate(1, 1, 10);
    assertThat(gate.pass("a")).isTrue();
    Thread stuck = Thread.ofVirtual().unstarted(() -> assertThat(gate.pass("a")).isFalse());
    stuck.start();
    stuck.interrupt();
    stuck.join();
    Waiter next = gate.arrive("b");
    now += SECOND;
    gate.release();
    assertThat(next.fate()).isEqualTo(Fate.PASSED);
  }
}
