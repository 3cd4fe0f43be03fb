package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.queue.proto.MessagesOrdered;
import hikyaku.server.queue.proto.QueueEventRecord;
import java.time.Clock;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** How orders are written down. */
class QueueCodecTest {
  private static final int[] ALL = {};

  private static MessagesOrdered record(Event event) throws Exception {
    return QueueEventRecord.parseFrom(event.payload()).getOrdered();
  }

  private static Event deletion(List<QueueEvent.Meant> meant) {
    return QueueCodec.ordered(new QueueEvent.Ordered(meant, Order.DELETE, null));
  }

  /** An earlier release would do to all recipients what is wanted of some. */
  @Test
  void aMessageOfWhichSomeAreMeantIsNotAmongTheIds() throws Exception {
    QueueEvent.Meant some = new QueueEvent.Meant(7, new int[] {0, 2});
    MessagesOrdered partial = record(deletion(List.of(some)));
    assertThat(partial.getIdsList()).isEmpty();
    assertThat(partial.getPartsList()).hasSize(1);
    MessagesOrdered mixed =
        record(deletion(List.of(new QueueEvent.Meant(6, ALL), some, new QueueEvent.Meant(8, ALL))));
    assertThat(mixed.getIdsList()).containsExactly(6L, 8L);
    assertThat(mixed.getPartsList()).hasSize(1);
  }

  @Test
  void anOrderIsReadAsItWasWritten() {
    MemoryStore store = new MemoryStore(Clock.systemUTC());
    List<QueueEvent.Meant> meant =
        List.of(new QueueEvent.Meant(6, ALL), new QueueEvent.Meant(7, new int[] {0, 2}));
    new Outbox(store.logs()).open();
    store.logs().append(Append.to(Part.log(0), List.of(deletion(meant)))).orThrow();
    assertThat(QueueCodec.read(store.logs().read(Part.log(0), 0, Long.MAX_VALUE, 9).getLast()))
        .usingRecursiveComparison()
        .isEqualTo(new QueueEvent.Ordered(meant, Order.DELETE, null));
  }

  /** However many recipients are meant, in few messages or in many. */
  @Test
  void whatIsOrderedAtOnceFitsIntoAnEntry() {
    int[] many = IntStream.range(100_000, 300_000).toArray();
    int[] some = IntStream.range(0, 500).toArray();
    List<QueueEvent.Meant> meant =
        LongStream.range(0, 25_000)
            .mapToObj(id -> new QueueEvent.Meant(id, id == 3 ? many : id < 10_000 ? some : ALL))
            .toList();
    List<List<QueueEvent.Meant>> gathered = QueueView.gathered(meant);
    assertThat(gathered.stream().flatMap(List::stream)).isEqualTo(meant);
    assertThat(gathered)
        .allSatisfy(each -> {
          assertThat(each.size()).isBetween(1, QueueView.ORDERED_AT_ONCE);
          assertThat(deletion(each).payload().size()).isLessThan(LogStore.MAX_PAYLOAD);
        });
    assertThat(QueueView.gathered(List.of())).isEmpty();
    assertThat(gathered.getLast()).hasSizeGreaterThan(1000);
  }
}
