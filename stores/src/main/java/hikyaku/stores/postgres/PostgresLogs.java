package hikyaku.stores.postgres;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.ChangePage;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import hikyaku.stores.base.Gaps;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The logs of a {@link PostgresStore}. */
final class PostgresLogs implements LogStore {
  private static final String READ =
      """
      SELECT l.last_seq, l.snapshot_seq, e.seq, e.first_id, e.ids, e.time, e.tally_count,
        e.tally_octets, e.crc, e.payload, e.blobs
      FROM logs l LEFT JOIN LATERAL (
        SELECT * FROM entries WHERE log = l.number AND seq > ? AND seq <= ?
        ORDER BY seq LIMIT ?) AS e ON true
      WHERE l.name = ? ORDER BY e.seq
      """;

  private static final String SNAPSHOT =
      """
      SELECT s.seq, s.size, s.chunks, c.coding, c.size, c.crc, c.octets
      FROM logs l JOIN snapshots s ON s.log = l.number
      LEFT JOIN snapshot_chunks c ON c.log = l.number
      WHERE l.name = ? ORDER BY c.index
      """;

  private static final String FIND =
      """
      SELECT a.first_seq, a.last_seq, a.first_id FROM logs l JOIN answers a ON a.log = l.number
      WHERE l.name = ? AND a.key = ?
      """;

  private static final String LIST =
      """
      SELECT name, last_seq, next_id, tally_count, tally_octets FROM logs
      WHERE name >= ? AND name > ? AND (?::text IS NULL OR name < ?) ORDER BY name LIMIT ?
      """;

  private final PostgresStore store;
  private final Database database;
  private final HeadReader heads;
  private final PostgresBlobs blobs;
  private final Codec codec;
  private final ChangesFeed feed;

  PostgresLogs(
      PostgresStore store,
      Database database,
      HeadReader heads,
      PostgresBlobs blobs,
      Codec codec,
      ChangesFeed feed) {
    this.store = store;
    this.database = database;
    this.heads = heads;
    this.blobs = blobs;
    this.codec = codec;
    this.feed = feed;
  }

  @Override
  public List<Outcome> append(List<Append> round) {
    for (Append append : round) {
      for (Event event : append.events()) {
        require(
            event.payload().size() <= MAX_PAYLOAD,
            "payload of " + event.payload().size() + " octets");
      }
    }
    return store.counted(() -> round.isEmpty() ? List.of() : blobs.append(round));
  }

  @Override
  public Optional<Appended> find(LogName log, String key) {
    Append.requireKey(key);
    return store.counted(
        () -> database.call("finding a key", connection -> find(connection, log, key)));
  }

  private static Optional<Appended> find(Connection connection, LogName log, String key)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(FIND)) {
      statement.setString(1, log.value());
      statement.setBytes(2, key.getBytes(StandardCharsets.UTF_8));
      try (ResultSet row = statement.executeQuery()) {
        return row.next()
            ? Optional.of(new Appended(log, row.getLong(1), row.getLong(2), row.getLong(3), true))
            : Optional.empty();
      }
    }
  }

  @Override
  public Map<LogName, Head> heads(List<LogName> logs) {
    return store.counted(() -> heads.heads(logs));
  }

  // ---- entries

  @Override
  public List<Entry> read(LogName log, long after, long through, int limit) {
    requireLimit(limit);
    return store.counted(() -> {
      long from = Math.max(0, after);
      return from >= through
          ? List.of()
          : database.call(
              "reading " + log, connection -> read(connection, log, from, through, limit));
    });
  }

  private static List<Entry> read(
      Connection connection, LogName log, long after, long through, int limit) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(READ)) {
      statement.setLong(1, after);
      statement.setLong(2, through);
      statement.setInt(3, limit);
      statement.setString(4, log.value());
      List<Entry> entries = new ArrayList<>();
      long lastSeq = 0;
      long snapshotSeq = 0;
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          lastSeq = rows.getLong(1);
          snapshotSeq = rows.getLong(2);
          long seq = rows.getLong(3);
          if (!rows.wasNull()) {
            entries.add(entry(rows, log, seq));
          }
        }
      }
      long end = entries.size() == limit ? entries.getLast().seq() : Math.min(through, lastSeq);
      Gaps.refuse(log, entries, after, end, snapshotSeq);
      return entries;
    }
  }

  private static Entry entry(ResultSet row, LogName log, long seq) throws SQLException {
    return entry(
        log,
        seq,
        row.getLong(4),
        row.getInt(5),
        row.getLong(6),
        new Tally(row.getLong(7), row.getLong(8)),
        row.getInt(9),
        row.getBytes(10),
        row.getBytes(11));
  }

  /**
   * An entry from its columns.
   *
   * @throws StoreException.Corrupt if it does not pass its checksum
   */
  static Entry entry(
      LogName log,
      long seq,
      long firstId,
      int ids,
      long time,
      Tally tally,
      int crc,
      byte[] payload,
      byte[] blobs) {
    if (Codec.crc(payload, blobs) != crc || blobs.length % BlobId.LENGTH != 0) {
      throw new StoreException.Corrupt(
          "entry " + seq + " of " + log + " does not pass its checksum", null);
    }
    List<BlobId> named = new ArrayList<>(blobs.length / BlobId.LENGTH);
    for (int at = 0; at < blobs.length; at += BlobId.LENGTH) {
      named.add(new BlobId(ByteString.copyFrom(blobs, at, BlobId.LENGTH)));
    }
    return new Entry(
        seq,
        firstId,
        ids,
        Instant.ofEpochMilli(time),
        UnsafeByteOperations.unsafeWrap(payload),
        tally,
        List.copyOf(named));
  }

  // ---- snapshots

  @Override
  public Optional<Snapshot> snapshot(LogName log) {
    return store.counted(() -> {
      Kept kept =
          database.call("reading the snapshot of " + log, connection -> kept(connection, log));
      return kept == null ? Optional.empty() : Optional.of(snapshot(codec, log.toString(), kept));
    });
  }

  /** A snapshot as it is kept. */
  record Kept(long seq, long size, int chunks, List<Codec.Piece> pieces) {}

  private static @Nullable Kept kept(Connection connection, LogName log) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(SNAPSHOT)) {
      statement.setString(1, log.value());
      try (ResultSet rows = statement.executeQuery()) {
        if (!rows.next()) {
          return null;
        }
        long seq = rows.getLong(1);
        long size = rows.getLong(2);
        int chunks = rows.getInt(3);
        List<Codec.Piece> pieces = new ArrayList<>();
        do {
          byte[] octets = rows.getBytes(7);
          if (octets != null) {
            pieces.add(new Codec.Piece(rows.getInt(4), rows.getInt(5), rows.getInt(6), octets));
          }
        } while (rows.next());
        return new Kept(seq, size, chunks, pieces);
      }
    }
  }

  /**
   * Puts a snapshot together.
   *
   * @throws StoreException.Corrupt if it is not sound
   */
  static Snapshot snapshot(Codec codec, String log, Kept kept) {
    ByteArrayOutputStream state = new ByteArrayOutputStream();
    codec.decode(kept.pieces(), "the snapshot of " + log).forEach(state::writeBytes);
    if (kept.pieces().size() != kept.chunks() || state.size() != kept.size()) {
      throw new StoreException.Corrupt("the snapshot of " + log + " is not whole", null);
    }
    return new Snapshot(kept.seq(), UnsafeByteOperations.unsafeWrap(state.toByteArray()));
  }

  @Override
  public void saveSnapshot(LogName log, Snapshot snapshot) {
    store.counted(() -> {
      byte[] state = snapshot.state().toByteArray();
      List<Codec.Piece> pieces = codec.encode(state, state.length);
      boolean taken =
          database.call(
              "saving a snapshot of " + log,
              connection -> {
                try (PreparedStatement statement =
                    connection.prepareStatement("SELECT save_snapshot_1(?, ?, ?, ?, ?, ?, ?)")) {
                  Columns.Parameters parameters = new Columns.Parameters(statement);
                  parameters.object(log.value()).object(snapshot.seq()).object((long) state.length);
                  parameters.pieces(pieces);
                  return isTrue(statement);
                }
              });
      require(taken, "snapshot at " + snapshot.seq() + " of " + log + " is ahead of it");
      return true;
    });
  }

  @Override
  public void compact(LogName log, long[] dead) {
    for (int i = 1; i < dead.length; i++) {
      require(dead[i - 1] < dead[i], "sequences to compact do not rise");
    }
    long[] own = dead.clone();
    store.counted(() -> {
      boolean done =
          database.call(
              "compacting " + log,
              connection -> {
                try (PreparedStatement statement =
                    connection.prepareStatement("SELECT compact_1(?, ?)")) {
                  Columns.Parameters parameters = new Columns.Parameters(statement);
                  parameters.object(log.value()).longs(own);
                  return isTrue(statement);
                }
              });
      require(done, "compaction of " + log + " above its snapshot");
      return true;
    });
  }

  @Override
  public void restore(LogName log, long after, List<Entry> entries, Head head) {
    long last = after;
    for (Entry entry : entries) {
      require(entry.seq() > last && entry.seq() <= head.seq(), "entry " + entry.seq());
      last = entry.seq();
    }
    require(head.seq() > after, "nothing to restore");
    store.counted(() -> {
      blobs.barrier();
      Restoration restoration = new Restoration(log, after, entries, head, store.clock().millis());
      Optional<BlobId> missing = database.call("restoring " + log, restoration::run);
      if (missing.isPresent()) {
        throw new StoreException.BlobMissing(missing.get());
      }
      return true;
    });
  }

  @Override
  public void drop(LogName log) {
    UUID token = UUID.randomUUID();
    long now = store.clock().millis();
    boolean dropped =
        store.counted(() ->
            database.callRepeatable(
                "dropping " + log,
                (connection, repeat) -> {
                  try (PreparedStatement statement =
                      connection.prepareStatement("SELECT drop_1(?, ?, ?, ?)")) {
                    Columns.Parameters parameters = new Columns.Parameters(statement);
                    parameters.object(token).object(repeat).object(now).object(log.value());
                    boolean there = isTrue(statement);
                    Confirmation.require(statement);
                    return there;
                  }
                }));
    if (dropped) {
      store.dropped(log);
    }
  }

  static boolean isTrue(PreparedStatement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getBoolean(1);
    }
  }

  @Override
  public SequencedMap<LogName, Head> list(String prefix, @Nullable LogName after, int limit) {
    requireLimit(limit);
    return store.counted(() ->
        prefix.chars().anyMatch(Character::isISOControl)
            ? new LinkedHashMap<>()
            : database.call("listing logs", connection -> list(connection, prefix, after, limit)));
  }

  private static SequencedMap<LogName, Head> list(
      Connection connection, String prefix, @Nullable LogName after, int limit)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(LIST)) {
      String behind = behind(prefix);
      statement.setString(1, prefix);
      statement.setString(2, after == null ? "" : after.value());
      statement.setString(3, behind);
      statement.setString(4, behind);
      statement.setInt(5, limit);
      SequencedMap<LogName, Head> found = new LinkedHashMap<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.put(new LogName(rows.getString(1)), HeadReader.head(rows, 2));
        }
      }
      return found;
    }
  }

  /** The first text behind all that start with the prefix; null if there is none. */
  static @Nullable String behind(String prefix) {
    int[] points = prefix.codePoints().toArray();
    for (int last = points.length - 1; last >= 0; last--) {
      if (points[last] < Character.MAX_CODE_POINT) {
        int next = points[last] + 1;
        boolean surrogate = next >= Character.MIN_SURROGATE && next <= Character.MAX_SURROGATE;
        points[last] = surrogate ? Character.MAX_SURROGATE + 1 : next;
        return new String(points, 0, last + 1);
      }
    }
    return null;
  }

  // ---- changes

  @Override
  public ChangePage changes(String cursor, int limit) {
    requireLimit(limit);
    return store.counted(() -> feed.page(cursor, limit));
  }

  @Override
  public void trimChanges(Duration olderThan) {
    store.counted(() -> {
      feed.trim(store.clock().instant().minus(olderThan).toEpochMilli());
      return true;
    });
  }

  @Override
  public Registration hints(Consumer<LogName> listener) {
    return store.listen(listener);
  }

  static void requireLimit(int limit) {
    require(limit > 0, "limit of " + limit);
  }

  static void require(boolean condition, String problem) {
    if (!condition) {
      throw new IllegalArgumentException(problem);
    }
  }
}
