package hikyaku.mailbox.store.memory;

import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Change;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** What a {@link MemoryStore} holds. Guarded by its own monitor. */
final class MemoryState {
  static final class Log {
    Head head = Head.NONE;
    Instant lastTime = Instant.EPOCH;
    final NavigableMap<Long, Entry> entries = new TreeMap<>();
    final Map<String, Appended> answers = new HashMap<>();
    Optional<Snapshot> snapshot = Optional.empty();
  }

  record StoredBlob(byte[] octets, Instant put) {}

  record TimedChange(Instant time, Change change) {}

  final NavigableMap<LogName, Log> logs = new TreeMap<>();
  final NavigableMap<BlobId, StoredBlob> blobs =
      new TreeMap<>(
          Comparator.comparing(
              BlobId::sha256, com.google.protobuf.ByteString.unsignedLexicographicalComparator()));

  /** The change at index {@code i} has the number {@code trimmed + i}. */
  final List<TimedChange> changes = new ArrayList<>();

  long trimmed;
  long appends;
  long rounds;
  long entriesWritten;
  long blobsWritten;
  long blobsShared;
}
