package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A front that does not get rid of what it is sent is not sent more. */
final class CarriedLayerTest {
  private static final int ANSWER = 10_000;
  private static final int ANSWERS = 100;

  private final AtomicInteger sent = new AtomicInteger();
  private final List<Integer> granted = new ArrayList<>();
  private final List<Boolean> followed = new ArrayList<>();
  private final CarriedLayer layer =
      new CarriedLayer(
          new Carrier() {
            @Override
            public void output(byte[] octets, int offset, int length, long pin, boolean more) {
              sent.addAndGet(length);
              followed.add(more);
            }

            @Override
            public void aside(byte[] line) {
              sent.addAndGet(line.length);
            }

            @Override
            public void settled(long inputOffset, byte[] position, byte[] octets, int length) {
              sent.addAndGet(length);
            }

            @Override
            public void startTls(long inputOffset, byte[] octets, int length) {}

            @Override
            public void startCompression(long inputOffset, byte[] octets, int length) {}

            @Override
            public void account(String account, Home home) {}

            @Override
            public void granted(int octets) {
              granted.add(octets);
            }

            @Override
            public void letGo() {}

            @Override
            public void closed(CloseReason reason) {}
          });

  /** What is held back until the end must not be what room for the rest depends on. */
  @Test
  void theLastPieceAloneGoesWithTheEnd() throws Exception {
    layer.write(new byte[ANSWER], 0, ANSWER);
    layer.ending();
    layer.write(new byte[100_000], 0, 100_000);
    assertThat(followed).containsExactly(false, false, true);
    assertThat(sent).hasValue(ANSWER + 100_000);
  }

  @Test
  void shortAnswersWaitForRoomToo() throws Exception {
    Thread session =
        Thread.ofPlatform()
            .start(() -> {
              try {
                for (int i = 0; i < ANSWERS; i++) {
                  layer.settle(i, new byte[8], new byte[ANSWER], ANSWER);
                }
              } catch (IOException e) {
                sent.set(-1);
              }
            });
    int passedOn = 0;
    while (passedOn < ANSWERS * ANSWER) {
      while (session.getState() != Thread.State.WAITING && session.isAlive()) {
        Thread.onSpinWait();
      }
      int now = sent.get();
      assertThat(now - passedOn).isPositive().isLessThanOrEqualTo(CarriedLayer.WINDOW + ANSWER);
      layer.granted(now - passedOn);
      passedOn = now;
      while (session.isAlive() && sent.get() == now) {
        Thread.onSpinWait();
      }
    }
    session.join();
    assertThat(sent.get()).isEqualTo(ANSWERS * ANSWER);
  }

  /** It has no timer: the watch over all sessions ends it. */
  @Test
  void aLongWaitIsEndedByTheWatch() throws Exception {
    long deadline = System.nanoTime() + Deadline.WATCHED * 100;
    CompletableFuture<Wake> wake = new CompletableFuture<>();
    Thread session =
        Thread.ofPlatform()
            .start(() -> {
              try {
                wake.complete(layer.await(Layer.Waiting.IDLE, deadline));
              } catch (IOException e) {
                wake.completeExceptionally(e);
              }
            });
    while (session.getState() != Thread.State.WAITING && session.isAlive()) {
      Thread.onSpinWait();
    }
    layer.checkWait(deadline - 1);
    assertThat(session.getState()).isEqualTo(Thread.State.WAITING);
    layer.checkWait(deadline + 1);
    assertThat(wake.get()).isEqualTo(Wake.TIMEOUT);
    session.join();
  }

  @Test
  void tellsInLargeSumsWhatItTook() throws Exception {
    byte[] buffer = new byte[1000];
    int read = 0;
    while (granted.size() < 3) {
      layer.input(new byte[1000]);
      read += layer.read(buffer, 0, 1000, Long.MAX_VALUE);
      // Less than that, and a front that has no credit left would wait for ever.
      int told = granted.stream().mapToInt(Integer::intValue).sum();
      assertThat(read - told).isBetween(0, CarriedLayer.WINDOW / 2);
    }
    assertThat(granted).allMatch(sum -> sum >= CarriedLayer.WINDOW / 2);
  }

  @Test
  void whatIsDroppedAtASwitchIsTakenToo() throws Exception {
    layer.input(new byte[CarriedLayer.WINDOW / 2]);
    layer.compressionStarted(CarriedLayer.WINDOW / 2);
    assertThat(layer.hasInput()).isFalse();
    layer.input(new byte[1]);
    assertThat(layer.read(new byte[10], 0, 10, Long.MAX_VALUE)).isOne();
    assertThat(granted).containsExactly(CarriedLayer.WINDOW / 2 + 1);
  }
}
