package hikyaku.stores.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.store.StoreException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class WaitingTest {
  private static final Duration LONG = Duration.ofMinutes(5);

  @Test
  void whoWaitsTooLongIsToldAndOthersWaitOn() throws Exception {
    CompletableFuture<String> answer = new CompletableFuture<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<String> patient = threads.submit(() -> Waiting.forAnswer(answer, LONG, "late"));
      assertThatThrownBy(() -> Waiting.forAnswer(answer, Duration.ofMillis(20), "too late"))
          .isInstanceOf(StoreException.Unavailable.class)
          .hasMessage("too late");
      assertThat(answer).isNotDone();
      answer.complete("here");
      assertThat(patient.get()).isEqualTo("here");
    }
  }

  @Test
  void timeIsKeptAfterAPauseWithoutWaits() throws Exception {
    // Longer than the watcher stays awake for nothing.
    Thread.sleep(Overdue.LOOK_MILLIS * 150L);
    assertThatThrownBy(
            () -> Waiting.forAnswer(new CompletableFuture<>(), Duration.ofMillis(20), "too late"))
        .isInstanceOf(StoreException.Unavailable.class);
  }

  @Test
  void anInterruptIsKeptAndTheAnswerTaken() {
    CompletableFuture<String> answer = new CompletableFuture<>();
    Thread.currentThread().interrupt();
    answer.completeAsync(() -> "written");
    assertThat(Waiting.forAnswer(answer, LONG, "late")).isEqualTo("written");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void failuresAreOfTheirOwnKind() {
    CompletableFuture<String> answer = new CompletableFuture<>();
    answer.completeExceptionally(new StoreException.Corrupt("broken", null));
    assertThatThrownBy(() -> Waiting.forAnswer(answer, LONG, "late"))
        .isInstanceOf(StoreException.Corrupt.class)
        .hasMessage("broken");
  }
}
