package hikyaku.server.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class HousekeepingTest {
  @Test
  void aTaskThatFailsIsTriedAgain() throws Exception {
    for (Throwable failure : List.of(new IllegalStateException("odd"), new StackOverflowError())) {
      CountDownLatch runs = new CountDownLatch(3);
      Housekeeping.Task task =
          new Housekeeping.Task(
              "fails",
              Duration.ofMillis(1),
              () -> {
                runs.countDown();
                if (failure instanceof Error error) {
                  throw error;
                }
                throw (RuntimeException) failure;
              });
      try (Housekeeping unused = new Housekeeping(List.of(task))) {
        assertThat(runs.await(20, TimeUnit.SECONDS)).as(failure.toString()).isTrue();
      }
    }
  }
}
