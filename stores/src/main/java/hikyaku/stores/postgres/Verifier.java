package hikyaku.stores.postgres;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the whole database as it is at one moment and checks what the contract promises. Needs some
 * hundred octets of memory for each log.
 */
final class Verifier {
  private static final int FETCH = 200;

  /** What a row that is looked at does with it. */
  private interface Step {
    void at(ResultSet row) throws SQLException;
  }

  private final Connection connection;
  private final Codec codec;
  private final SharedFiles files;
  private final Consumer<String> problems;
  private final Map<Long, LogCheck> logs = new HashMap<>();
  private final Set<Long> dropped = new HashSet<>();
  private long entries;
  private long snapshots;
  private long blobs;
  private long blobOctets;

  Verifier(Connection connection, Codec codec, SharedFiles files, Consumer<String> problems) {
    this.connection = connection;
    this.codec = codec;
    this.files = files;
    this.problems = problems;
  }

  Store.Verified run() throws SQLException {
    connection.setAutoCommit(false);
    connection.setReadOnly(true);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    each("SELECT set_config('enable_seqscan', 'on', true)", row -> {});
    each("SELECT number FROM dropped", row -> dropped.add(row.getLong(1)));
    each("SELECT * FROM logs", this::log);
    entries();
    holds();
    snapshots();
    orphans();
    each("SELECT id, number, size, place, coding, crc, octets, sums FROM blobs", this::blob);
    changes();
    connection.rollback();
    return new Store.Verified(logs.size(), entries, snapshots, blobs, blobOctets);
  }

  /** Hands all rows of a query on, a few at a time. */
  private void each(String query, Step step) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(FETCH);
      try (ResultSet rows = statement.executeQuery(query)) {
        while (rows.next()) {
          try {
            step.at(rows);
          } catch (StoreException.Corrupt e) {
            problems.accept(String.valueOf(e.getMessage()));
          }
        }
      }
    }
  }

  // ---- logs

  private void log(ResultSet row) throws SQLException {
    LogCheck check = new LogCheck(row);
    if (logs.put(check.number, check) != null) {
      problems.accept(check.name + " has the number of another log: " + check.number);
    }
  }

  private void entries() throws SQLException {
    Set<Long> strangers = new HashSet<>();
    each(
        "SELECT log, seq, first_id, ids, time, tally_count, tally_octets, crc, payload, blobs"
            + " FROM entries ORDER BY log, seq",
        row -> {
          long number = row.getLong(1);
          LogCheck check = logs.get(number);
          if (check == null) {
            if (!dropped.contains(number) && strangers.add(number)) {
              problems.accept("entries of log " + number + " belong to nothing");
            }
            return;
          }
          entries++;
          check.count(row.getLong(2));
          check.add(
              PostgresLogs.entry(
                  check.name,
                  row.getLong(2),
                  row.getLong(3),
                  row.getInt(4),
                  row.getLong(5),
                  new Tally(row.getLong(6), row.getLong(7)),
                  row.getInt(8),
                  row.getBytes(9),
                  row.getBytes(10)));
        });
    logs.values().forEach(LogCheck::end);
  }

  private void holds() throws SQLException {
    each(
        """
        SELECT l.name, e.seq, encode(named, 'hex'),
          EXISTS (SELECT FROM blobs b WHERE b.id = named)
        FROM logs l JOIN entries e ON e.log = l.number CROSS JOIN LATERAL ids_1(e.blobs) AS named
        WHERE NOT EXISTS (
            SELECT FROM holds h WHERE h.blob = named AND h.log = e.log AND h.seq = e.seq)
          OR NOT EXISTS (SELECT FROM blobs b WHERE b.id = named)
        """,
        row ->
            problems.accept(
                row.getString(1)
                    + ": entry "
                    + row.getLong(2)
                    + (row.getBoolean(4)
                        ? " has no hold on blob " + row.getString(3)
                        : " names blob " + row.getString(3) + ", which is missing")));
    each(
        """
        SELECT encode(h.blob, 'hex'), h.log, h.seq FROM holds h
        WHERE NOT EXISTS (
          SELECT FROM entries e WHERE e.log = h.log AND e.seq = h.seq
            AND h.blob IN (SELECT ids_1(e.blobs)))
        """,
        row ->
            problems.accept(
                "the hold of log "
                    + row.getLong(2)
                    + " at "
                    + row.getLong(3)
                    + " on blob "
                    + row.getString(1)
                    + " is of no entry"));
  }

  private void snapshots() throws SQLException {
    Map<Long, Long> kept = new HashMap<>();
    each(
        "SELECT log, seq, size, chunks FROM snapshots",
        row -> {
          long number = row.getLong(1);
          LogCheck check = logs.get(number);
          if (check != null) {
            snapshots++;
            kept.put(number, row.getLong(2));
            PostgresLogs.Kept whole =
                new PostgresLogs.Kept(
                    row.getLong(2), row.getLong(3), row.getInt(4), snapshotPieces(number));
            Object unused = PostgresLogs.snapshot(codec, check.name.toString(), whole);
          } else if (!dropped.contains(number)) {
            problems.accept("the snapshot of log " + number + " belongs to nothing");
          }
        });
    logs.forEach((number, check) -> {
      long seq = kept.getOrDefault(number, 0L);
      if (seq != check.snapshotSeq) {
        problems.accept(check.name + ": the snapshot is at " + seq + ", not " + check.snapshotSeq);
      }
    });
  }

  private List<Codec.Piece> snapshotPieces(long number) throws SQLException {
    return pieces(
        "SELECT coding, size, crc, octets FROM snapshot_chunks WHERE log = ? ORDER BY index",
        number);
  }

  private List<Codec.Piece> pieces(String query, long number) throws SQLException {
    List<Codec.Piece> pieces = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setLong(1, number);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          pieces.add(
              new Codec.Piece(rows.getInt(1), rows.getInt(2), rows.getInt(3), rows.getBytes(4)));
        }
      }
    }
    return pieces;
  }

  private void orphans() throws SQLException {
    orphans("answers", "log", "logs", "dropped");
    orphans("snapshot_chunks", "log", "snapshots s WHERE s.log = t.log", null);
    orphans("chunks", "blob", "blobs b WHERE b.number = t.blob AND b.place = 1", "uploads");
  }

  /**
   * @param owners a table with numbers, or one with its condition
   * @param others another one, if there is one
   */
  private void orphans(String table, String column, String owners, @Nullable String others)
      throws SQLException {
    String first = owners.contains(" ") ? owners : owners + " o WHERE o.number = t." + column;
    String second =
        others == null
            ? ""
            : " AND NOT EXISTS (SELECT FROM " + others + " o WHERE o.number = t." + column + ")";
    each(
        "SELECT DISTINCT t."
            + column
            + " FROM "
            + table
            + " t WHERE NOT EXISTS (SELECT FROM "
            + first
            + ")"
            + second,
        row -> problems.accept(table + " of number " + row.getLong(1) + " belong to nothing"));
  }

  // ---- blobs

  private void blob(ResultSet row) throws SQLException {
    BlobId id = BlobId.of(row.getBytes(1));
    PostgresBlobs.Stored blob = PostgresBlobs.stored(row, 2);
    blobs++;
    blobOctets += blob.size();
    MessageDigest sha256 = PostgresBlobWriter.sha256();
    long size = 0;
    int count = (int) ((blob.size() + Codec.SIZE - 1) / Codec.SIZE);
    for (int index = 0; index < count; index++) {
      byte[] octets = content(id, blob, index);
      if (octets == null) {
        return;
      }
      sha256.update(octets);
      size += octets.length;
    }
    if (size != blob.size()) {
      problems.accept("blob " + id + " has " + size + " octets, not " + blob.size());
    }
    if (!BlobId.of(sha256.digest()).equals(id)) {
      problems.accept("blob " + id + " does not have the content of its name");
    }
  }

  /** A chunk; nothing if the blob has been swept since, or the lack of it has been told. */
  private byte @Nullable [] content(BlobId id, PostgresBlobs.Stored blob, int index)
      throws SQLException {
    String what = "chunk " + index + " of blob " + id;
    if (blob.place() == Held.IN_FILE) {
      return fileContent(id, blob, index);
    }
    List<Codec.Piece> pieces =
        blob.piece() != null
            ? List.of(blob.piece())
            : pieces(
                "SELECT coding, size, crc, octets FROM chunks WHERE blob = ? AND index = " + index,
                blob.number());
    if (pieces.isEmpty()) {
      problems.accept(what + " is missing");
      return null;
    }
    return codec.decode(pieces, what).getFirst();
  }

  /** A file may be swept while this reads what was there; then no entry names it. */
  private byte @Nullable [] fileContent(BlobId id, PostgresBlobs.Stored blob, int index)
      throws SQLException {
    try {
      return files.read(id, blob, index);
    } catch (StoreException.BlobMissing e) {
      try (PreparedStatement statement =
          connection.prepareStatement("SELECT EXISTS (SELECT FROM holds WHERE blob = ?)")) {
        statement.setBytes(1, id.sha256().toByteArray());
        if (PostgresLogs.isTrue(statement)) {
          problems.accept(files.path(id, blob.number()) + " is missing");
        }
      }
      return null;
    }
  }

  // ---- changes

  private void changes() throws SQLException {
    boolean[] trimmed = {false};
    each("SELECT trimmed_round FROM store", row -> trimmed[0] = row.getLong(1) > 0);
    Map<Long, Long> told = new HashMap<>();
    each(
        "SELECT round, log, number, first_seq, last_seq FROM changes ORDER BY round, part",
        row -> tell(row, told, trimmed[0]));
    logs.forEach((number, check) -> {
      Long known = told.get(number);
      if (known == null ? !trimmed[0] : !known.equals(check.lastSeq)) {
        problems.accept(check.name + ": the changes go up to " + known + ", not " + check.lastSeq);
      }
    });
  }

  private void tell(ResultSet row, Map<Long, Long> told, boolean trimmed) throws SQLException {
    long number = row.getLong(3);
    long firstSeq = row.getLong(4);
    if (row.getLong(5) == 0) {
      told.remove(number);
      return;
    }
    Long before = told.put(number, row.getLong(5));
    if (before == null ? !trimmed && firstSeq != 1 : firstSeq != before + 1) {
      problems.accept(
          "change " + row.getLong(1) + " of " + row.getString(2) + " begins at " + firstSeq);
    }
  }

  /** Adds a log's entries up and compares them with its head. */
  private final class LogCheck {
    private final LogName name;
    private final long number;
    private final long lastSeq;
    private final long headNextId;
    private final Tally headTally;
    private final long snapshotSeq;
    private final long goneEntries;
    private final long goneIds;
    private final Tally goneTally;
    private long count;
    private long ids;
    private long nextSeq = 1;
    private long nextId = 1;
    private Tally tally = Tally.ZERO;

    LogCheck(ResultSet row) throws SQLException {
      name = new LogName(row.getString("name"));
      number = row.getLong("number");
      lastSeq = row.getLong("last_seq");
      headNextId = row.getLong("next_id");
      headTally = new Tally(row.getLong("tally_count"), row.getLong("tally_octets"));
      snapshotSeq = row.getLong("snapshot_seq");
      goneEntries = row.getLong("gone_entries");
      goneIds = row.getLong("gone_ids");
      goneTally = new Tally(row.getLong("gone_count"), row.getLong("gone_octets"));
    }

    /** An entry is there; whether it can be read is seen by {@link #add}. */
    void count(long seq) {
      count++;
      missing(nextSeq, seq);
      nextSeq = seq + 1;
    }

    void add(Entry entry) {
      if (entry.ids() > 0 && entry.firstId() < nextId) {
        problems.accept(name + ": entry " + entry.seq() + " takes id " + entry.firstId() + " anew");
      }
      if (entry.ids() > 0) {
        nextId = entry.firstId() + entry.ids();
      }
      ids += entry.ids();
      tally = tally.plus(entry.tally());
    }

    private void missing(long from, long to) {
      long first = Math.max(from, snapshotSeq + 1);
      if (first < to) {
        problems.accept(name + ": entries " + first + " to " + (to - 1) + " are missing");
      }
    }

    void end() {
      missing(nextSeq, lastSeq + 1);
      if (nextSeq > lastSeq + 1) {
        problems.accept(name + ": there are entries above the head at " + lastSeq);
      }
      same("entries", count + goneEntries, lastSeq);
      same("ids", ids + goneIds, headNextId - 1);
      same("things counted", tally.plus(goneTally).count(), headTally.count());
      same("octets counted", tally.plus(goneTally).octets(), headTally.octets());
      if (nextId > headNextId) {
        problems.accept(name + ": the head would hand out id " + headNextId + " anew");
      }
    }

    private void same(String what, long found, long said) {
      if (found != said) {
        problems.accept(name + ": " + found + " " + what + ", and the head says " + said);
      }
    }
  }
}
