package hikyaku.mailbox.view;

import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.log.Brief;
import hikyaku.mailbox.log.MailboxCodec;
import hikyaku.mailbox.log.MailboxEvent;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads the messages of a mailbox: what a {@link MailboxState} does not hold of them. Each method
 * is told the state whose indexes it is asked for. Safe for use by many threads.
 */
public final class Messages {
  /** Entries read at once. */
  private static final int READ_BATCH = 500;

  private final LogName log;
  private final Store store;
  private final LogStore logs;
  private final BriefCache briefs;

  Messages(LogName log, Store store, BriefCache briefs) {
    this.log = log;
    this.store = store;
    this.logs = store.logs();
    this.briefs = briefs;
  }

  /**
   * Reads messages with their envelopes and structures, in order. Entries are fetched in batches,
   * so a mailbox of any size passes through a small memory.
   *
   * @param indexes of {@code of}, rising
   * @param action told of each; a message whose entry is gone because it was expunged and compacted
   *     is passed over
   */
  public void read(MailboxState of, int[] indexes, MessageAction action) throws IOException {
    readEntries(of, indexes, (index, entry) -> action.accept(index, stored(entry)));
  }

  /** The same from the last one to the first. */
  public void readBackwards(MailboxState of, int[] indexes, MessageAction action)
      throws IOException {
    for (int end = indexes.length; end > 0; end -= READ_BATCH) {
      List<Read> batch = new ArrayList<>();
      int[] some = Arrays.copyOfRange(indexes, Math.max(0, end - READ_BATCH), end);
      read(of, some, (index, stored) -> batch.add(new Read(index, stored)));
      for (Read one : batch.reversed()) {
        action.accept(one.index, one.stored);
      }
    }
  }

  private record Read(int index, StoredMessage stored) {}

  private void readEntries(MailboxState of, int[] indexes, EntryAction action) throws IOException {
    int at = 0;
    while (at < indexes.length) {
      long first = of.appendSeq(indexes[at]);
      int end = at + 1;
      // Entries that lie close together are one read, even if some between are not wanted.
      while (end < indexes.length
          && end - at < READ_BATCH
          && of.appendSeq(indexes[end]) - first < 2L * (end - at) + 16) {
        end++;
      }
      long last = of.appendSeq(indexes[end - 1]);
      List<Entry> entries = logs.read(log, first - 1, last, (int) (last - first + 1));
      int wanted = at;
      for (Entry entry : entries) {
        while (wanted < end && of.appendSeq(indexes[wanted]) < entry.seq()) {
          wanted++;
        }
        if (wanted < end && of.appendSeq(indexes[wanted]) == entry.seq()) {
          action.accept(indexes[wanted], entry);
        }
      }
      at = end;
    }
  }

  /** What {@link #read} does with each message. */
  @FunctionalInterface
  public interface MessageAction {
    void accept(int index, StoredMessage message) throws IOException;
  }

  @FunctionalInterface
  private interface EntryAction {
    void accept(int index, Entry entry) throws IOException;
  }

  /** What {@link #briefs} and {@link #keptBriefs} do with each message. */
  @FunctionalInterface
  public interface BriefAction {
    void accept(int index, Brief brief) throws IOException;
  }

  /**
   * The briefs of messages, in order. Those that are not kept are read, and kept from then on.
   *
   * @param indexes of {@code of}, rising
   * @param action told of each; a message whose entry is gone because it was expunged and compacted
   *     is passed over
   */
  public void briefs(MailboxState of, int[] indexes, BriefAction action) throws IOException {
    briefs(of, indexes, this::completed, action);
  }

  /** The same of those messages alone whose briefs are kept: nothing is read. */
  public void keptBriefs(MailboxState of, int[] indexes, BriefAction action) throws IOException {
    briefs(of, indexes, (_, _, _, kept) -> kept, action);
  }

  /** Adds what a block lacks, or does not. */
  @FunctionalInterface
  private interface Completion {
    BriefBlock of(MailboxState state, int[] indexes, long number, BriefBlock kept)
        throws IOException;
  }

  private void briefs(MailboxState of, int[] indexes, Completion completion, BriefAction action)
      throws IOException {
    int at = 0;
    while (at < indexes.length) {
      long number = BriefBlock.numberOf(of.uid(indexes[at]));
      int behind = of.countBelow((number + 1) * BriefBlock.UIDS);
      int end = at;
      while (end < indexes.length && indexes[end] < behind) {
        end++;
      }
      int[] within = Arrays.copyOfRange(indexes, at, end);
      BriefBlock kept = briefs.get(log, of.uidValidity(), number);
      BriefBlock block = completion.of(of, within, number, kept);
      int used = 0;
      int row = 0;
      for (int index : within) {
        row = block.rowFrom(row, of.uid(index));
        if (block.has(row, of.uid(index))) {
          used++;
          action.accept(index, block.brief(row));
        }
      }
      briefs.used(used);
      at = end;
    }
  }

  private BriefBlock completed(MailboxState of, int[] indexes, long number, BriefBlock kept)
      throws IOException {
    int row = 0;
    int[] missing = new int[indexes.length];
    int count = 0;
    for (int index : indexes) {
      row = kept.rowFrom(row, of.uid(index));
      if (!kept.has(row, of.uid(index))) {
        missing[count++] = index;
      }
    }
    if (count == 0) {
      return kept;
    }
    SortedMap<Long, Brief> more = new TreeMap<>();
    readEntries(
        of,
        Arrays.copyOf(missing, count),
        (index, entry) -> more.put(of.uid(index), MailboxCodec.brief(entry)));
    BriefBlock all = kept.with(more);
    briefs.read(more.size());
    briefs.put(log, of.uidValidity(), number, all);
    return all;
  }

  /** One message by its index; empty if it was expunged and compacted meanwhile. */
  public Optional<StoredMessage> read(MailboxState of, int index) {
    long seq = of.appendSeq(index);
    return logs.read(log, seq - 1, seq, 1).stream().findFirst().map(Messages::stored);
  }

  private static StoredMessage stored(Entry entry) {
    return switch (MailboxCodec.decode(entry)) {
      case MailboxEvent.Appended(NewMessage message) ->
          new StoredMessage(entry.firstId(), entry.seq(), entry.time(), message);
      case MailboxEvent other ->
          throw new StoreException.Corrupt(
              "entry " + entry.seq() + " is no message but " + other.getClass().getSimpleName(),
              null);
    };
  }

  /** Opens a message's octets. */
  public MessageContent open(NewMessage message) {
    return MessageContent.open(store.blobs(), message);
  }
}
