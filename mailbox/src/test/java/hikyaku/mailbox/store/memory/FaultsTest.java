package hikyaku.mailbox.store.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.StoreException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FaultsTest {
  private static final LogName LOG = new LogName("mailbox/1");
  private static final Append APPEND =
      Append.to(LOG, List.of(Event.of(ByteString.copyFromUtf8("a")))).expecting(Append.Expect.NEW);

  @Test
  void failsBeforeTheEffectOnce() {
    try (MemoryStore store = new MemoryStore()) {
      store.faults().failNext(Faults.Call.APPEND, Faults.When.BEFORE);
      assertThat(store.logs().head(LOG).exists()).isFalse();
      assertThatThrownBy(() -> store.logs().append(APPEND))
          .isInstanceOf(StoreException.Unavailable.class);
      assertThat(store.logs().head(LOG).exists()).isFalse();
      assertThat(store.logs().append(APPEND).orThrow().lastSeq()).isEqualTo(1);
    }
  }

  @Test
  void failsAfterTheEffectAndTheRepeatIsAnswered() {
    try (MemoryStore store = new MemoryStore()) {
      Append keyed = APPEND.withKey("k");
      store.faults().failNext(Faults.Call.APPEND, Faults.When.AFTER);
      assertThatThrownBy(() -> store.logs().append(keyed))
          .isInstanceOf(StoreException.Unavailable.class);
      assertThat(store.logs().append(keyed).orThrow().repeated()).isTrue();
      assertThat(store.statistics().failures()).isEqualTo(1);
    }
  }

  @Test
  void failsWhileTheConditionHolds() {
    try (MemoryStore store = new MemoryStore()) {
      store.faults().failWhile(call -> call == Faults.Call.HEADS, Faults.When.BEFORE);
      assertThatThrownBy(() -> store.logs().head(LOG))
          .isInstanceOf(StoreException.Unavailable.class);
      assertThatThrownBy(() -> store.logs().head(LOG))
          .isInstanceOf(StoreException.Unavailable.class);
      store.faults().clear();
      assertThat(store.logs().head(LOG).exists()).isFalse();
    }
  }
}
