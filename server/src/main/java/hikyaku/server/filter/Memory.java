package hikyaku.server.filter;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.filter.proto.MemoryEvent;
import hikyaku.server.filter.proto.MemorySnapshot;
import hikyaku.server.filter.proto.Remembered;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an account's scripts know of runs before, as of one sequence of its log: whom they answered,
 * which messages came, how much they sent. Immutable.
 */
final class Memory {
  /** Of more, those go first that count the shortest. */
  static final int MOST = 20_000;

  static final Memory NONE = new Memory(0, Map.of());

  private static final int DIGEST_OCTETS = 16;

  private final long seq;
  private final Map<ByteString, Remembered> byWhat;

  private Memory(long seq, Map<ByteString, Remembered> byWhat) {
    this.seq = seq;
    this.byWhat = Collections.unmodifiableMap(byWhat);
  }

  long seq() {
    return seq;
  }

  int size() {
    return byWhat.size();
  }

  /** The name of something to remember, by what makes it what it is. */
  static ByteString what(String... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part : parts) {
        byte[] octets = part.getBytes(StandardCharsets.UTF_8);
        digest.update((octets.length + ":").getBytes(StandardCharsets.UTF_8));
        digest.update(octets);
      }
      return ByteString.copyFrom(digest.digest(), 0, DIGEST_OCTETS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The name of a message that came (RFC 7352 §3). */
  static ByteString seen(String handle, String id) {
    return what("seen", handle, id);
  }

  /** Whether something counts, whichever attempt brought it. */
  boolean knows(ByteString what, Instant now) {
    Remembered known = byWhat.get(what);
    return known != null && known.getUntil() > now.toEpochMilli();
  }

  /**
   * Until when something counts that another attempt brought.
   *
   * @param attempt the one that asks
   */
  Optional<Instant> until(ByteString what, Instant now, String attempt) {
    return Optional.ofNullable(byWhat.get(what))
        .filter(each -> each.getUntil() > now.toEpochMilli() && !each.getAttempt().equals(attempt))
        .map(each -> Instant.ofEpochMilli(each.getUntil()));
  }

  /** How many mails count that other attempts sent. */
  int sent(Instant now, String attempt) {
    return (int)
        byWhat.values().stream()
            .filter(each ->
                each.getSent()
                    && each.getUntil() > now.toEpochMilli()
                    && !each.getAttempt().equals(attempt))
            .count();
  }

  /** Goes on with entries that follow. */
  Memory fold(List<Entry> entries) {
    Map<ByteString, Remembered> all = new LinkedHashMap<>(byWhat);
    long at = seq;
    for (Entry entry : entries) {
      if (entry.seq() != at + 1) {
        throw new StoreException.Corrupt("entry " + entry.seq() + " does not follow " + at, null);
      }
      at = entry.seq();
      try {
        MemoryEvent.parseFrom(entry.payload())
            .getRememberedList()
            .forEach(each -> all.put(each.getWhat(), each));
      } catch (InvalidProtocolBufferException e) {
        throw new StoreException.Corrupt("memory entry " + entry.seq() + " makes no sense", e);
      }
    }
    if (all.size() > MOST) {
      List<Remembered> shortest = new ArrayList<>(all.values());
      shortest.sort(Comparator.comparingLong(Remembered::getUntil));
      shortest.subList(0, all.size() - MOST).forEach(each -> all.remove(each.getWhat()));
    }
    return new Memory(at, all);
  }

  /** Without what counts no longer. */
  Snapshot snapshot(Instant now) {
    MemorySnapshot.Builder record = MemorySnapshot.newBuilder();
    byWhat.values().stream()
        .filter(each -> each.getUntil() > now.toEpochMilli())
        .forEach(record::addRemembered);
    return new Snapshot(seq, record.build().toByteString());
  }

  static Memory of(Snapshot snapshot) {
    try {
      Map<ByteString, Remembered> all = new LinkedHashMap<>();
      MemorySnapshot.parseFrom(snapshot.state())
          .getRememberedList()
          .forEach(each -> all.put(each.getWhat(), each));
      return new Memory(snapshot.seq(), all);
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(
          "memory snapshot at " + snapshot.seq() + " makes no sense", e);
    }
  }
}
