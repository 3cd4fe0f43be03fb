package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A front that does not get rid of what it is sent is not sent more. */
final class CarriedLayerTest {
  private static final int ANSWER = 10_000;
  private static final int ANSWERS = 100;

  private final AtomicInteger sent = new AtomicInteger();
  private final CarriedLayer layer =
      new CarriedLayer(
          new Carrier() {
            @Override
            public void output(byte[] octets, int offset, int length, long pin) {
              sent.addAndGet(length);
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
            public void account(String account) {}

            @Override
            public void granted(int octets) {}

            @Override
            public void letGo() {}

            @Override
            public void closed(CloseReason reason) {}
          });

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
    int granted = 0;
    while (granted < ANSWERS * ANSWER) {
      while (session.getState() != Thread.State.TIMED_WAITING && session.isAlive()) {
        Thread.onSpinWait();
      }
      int now = sent.get();
      assertThat(now - granted).isPositive().isLessThanOrEqualTo(CarriedLayer.WINDOW + ANSWER);
      layer.granted(now - granted);
      granted = now;
      while (session.isAlive() && sent.get() == now) {
        Thread.onSpinWait();
      }
    }
    session.join();
    assertThat(sent.get()).isEqualTo(ANSWERS * ANSWER);
  }
}
