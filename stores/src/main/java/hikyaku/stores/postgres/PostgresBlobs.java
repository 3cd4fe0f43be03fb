package hikyaku.stores.postgres;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.PieceReader;
import hikyaku.stores.base.Waiting;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The blobs of a {@link PostgresStore}, and the way of appends that name them. */
final class PostgresBlobs implements BlobStore {
  /** With more damaged blobs than this, some readers fail in the middle more than once. */
  private static final int MOST_SUSPECTS = 10_000;

  /** Chunks that a reader gets at once who goes on. */
  private static final int AHEAD = 4;

  /** Octets of finished blobs that may wait for their append; above it they are written at once. */
  private static final long MOST_PENDING = 32L * 1024 * 1024;

  private static final int NUMBERS_AT_ONCE = 1000;

  private static final String OPEN =
      "SELECT number, size, place, coding, crc, octets, sums FROM blobs WHERE id = ?";

  private static final String CHUNKS =
      """
      SELECT coding, size, crc, octets FROM chunks WHERE blob = ? AND index >= ?
      ORDER BY index LIMIT ?
      """;

  /**
   * A blob as it is kept.
   *
   * @param place as in {@link Held}
   * @param sums CRC-32C of each 64 KiB of a file
   */
  record Stored(long number, long size, int place, Codec.@Nullable Piece piece, byte[] sums) {}

  private final PostgresStore store;
  private final Database database;
  private final CommitQueue queue;
  private final PendingBlobs pending;
  private final Codec codec;
  private final SharedFiles files;
  private final Maintenance maintenance;

  /**
   * Blobs of which a chunk was found damaged. They are read through before they are opened again:
   * who reads them would fail in the middle, at every attempt.
   */
  private final Set<BlobId> suspects = ConcurrentHashMap.newKeySet();

  private final Object numbersLock = new Object();
  private long nextNumber;
  private long numbersEnd;

  PostgresBlobs(
      PostgresStore store,
      Database database,
      CommitQueue queue,
      PendingBlobs pending,
      Codec codec,
      SharedFiles files,
      Maintenance maintenance) {
    this.store = store;
    this.database = database;
    this.queue = queue;
    this.pending = pending;
    this.codec = codec;
    this.files = files;
    this.maintenance = maintenance;
  }

  // ---- appends

  /** Appends, taking along the blobs that its events name and that are not written yet. */
  List<Outcome> append(List<Append> appends) {
    long deadline = database.deadline();
    Set<BlobId> named = AppendRound.blobsOf(appends);
    PendingBlobs.Claim claim = pending.claim(named);
    AppendRound round = AppendRound.of(appends, named, claim.own(), deadline);
    try {
      for (Held other : claim.others()) {
        await(other.written(), "a blob");
      }
      queue.add(round);
    } catch (StoreException e) {
      lost(claim.own(), e);
      throw e;
    }
    return await(round.answer(), "an append");
  }

  private void lost(List<Held> blobs, StoreException cause) {
    for (Held held : blobs) {
      pending.gone(held);
      held.written().completeExceptionally(cause);
      shared(held);
    }
  }

  private <T> T await(CompletableFuture<T> answer, String what) {
    Duration longest = store.settings().patience().plus(store.settings().attempt().multipliedBy(2));
    return Waiting.forAnswer(
        answer, longest, what + " has not come back in time; its outcome is unknown");
  }

  /** Writes blobs that came before a time and that no append has taken. */
  void flush(long nanoTime, boolean wait) {
    List<Held> old = pending.claimOlder(nanoTime);
    if (!old.isEmpty()) {
      AppendRound round = AppendRound.of(List.of(), Set.of(), old, database.deadline());
      try {
        queue.add(round);
      } catch (StoreException e) {
        lost(old, e);
        throw e;
      }
      if (wait) {
        List<Outcome> unused = await(round.answer(), "writing blobs");
      }
    }
  }

  /** Writes all that were finished before this call, and waits for those that others write. */
  void barrier() {
    List<Held> all = pending.all();
    flush(System.nanoTime(), true);
    for (Held held : all) {
      await(held.written(), "writing blobs");
    }
  }

  // ---- for writers

  @Override
  public BlobWriter create() {
    return store.counted(() -> new PostgresBlobWriter(this, files));
  }

  boolean toFiles() {
    return files.isWanted();
  }

  /** Takes a small blob, and does not wait for it to be written. */
  Blob putInline(BlobId id, byte[] content) {
    return store.counted(() -> {
      List<Codec.Piece> pieces = codec.encode(content, content.length);
      int place = pieces.size() > 1 ? Held.IN_CHUNKS : Held.IN_ROW;
      hold(id, nextNumber(), content.length, place, pieces, new byte[0], content);
      return new Blob(id, content.length);
    });
  }

  /** Takes a blob whose content is in a file, and does not wait for it to be noted. */
  Blob putFile(BlobId id, long number, long size, byte[] sums) {
    return store.counted(() -> {
      hold(id, number, size, Held.IN_FILE, List.of(), sums, new byte[0]);
      return new Blob(id, size);
    });
  }

  private void hold(
      BlobId id,
      long number,
      long size,
      int place,
      List<Codec.Piece> pieces,
      byte[] sums,
      byte[] content) {
    long time = store.clock().millis();
    CompletableFuture<Boolean> written = new CompletableFuture<>();
    pending.add(new Held(id, number, size, place, pieces, sums, content, time, written));
    if (pending.octets() > MOST_PENDING) {
      flush(System.nanoTime(), true);
    }
  }

  /** A number for a blob, never used before. */
  long nextNumber() {
    synchronized (numbersLock) {
      if (nextNumber == numbersEnd) {
        nextNumber =
            database.call(
                "drawing numbers",
                connection -> {
                  try (PreparedStatement statement =
                          connection.prepareStatement("SELECT nextval('blob_numbers')");
                      ResultSet row = statement.executeQuery()) {
                    row.next();
                    return row.getLong(1);
                  }
                });
        numbersEnd = nextNumber + NUMBERS_AT_ONCE;
      }
      return nextNumber++;
    }
  }

  /** Writes pieces of a large blob, from an index on. */
  void upload(long number, int index, byte[] octets, int length) {
    store.counted(() -> {
      List<Codec.Piece> pieces = codec.encode(octets, length);
      Columns.Numbers indexes = new Columns.Numbers();
      for (int i = 0; i < pieces.size(); i++) {
        indexes.add(index + i);
      }
      long now = store.clock().millis();
      boolean taken =
          database.call(
              "writing a part of a blob",
              connection -> {
                try (PreparedStatement statement =
                    connection.prepareStatement("SELECT upload_1(?, ?, ?, ?, ?, ?, ?)")) {
                  Columns.Parameters parameters = new Columns.Parameters(statement);
                  parameters.object(number).object(now).ints(indexes).pieces(pieces);
                  return PostgresLogs.isTrue(statement);
                }
              });
      if (!taken) {
        throw new StoreException.Unavailable("the upload took too long, or was lost", null);
      }
      return true;
    });
  }

  Blob finish(long number, Blob blob, int chunks) {
    return store.counted(() -> {
      long now = store.clock().millis();
      int outcome =
          database.call(
              "finishing a blob",
              connection -> {
                try (PreparedStatement statement =
                    connection.prepareStatement("SELECT finish_1(?, ?, ?, ?, ?)")) {
                  Columns.Parameters parameters = new Columns.Parameters(statement);
                  parameters.object(number).octets(blob.id().sha256().toByteArray());
                  parameters.object(blob.size()).object(now).object(chunks);
                  try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    int answer = row.getInt(1);
                    Confirmation.require(statement);
                    return answer;
                  }
                }
              });
      if (outcome < 0) {
        throw new StoreException.Unavailable("a part of the blob was lost", null);
      }
      (outcome == 1 ? store.counts().blobsWritten() : store.counts().blobsShared()).increment();
      return blob;
    });
  }

  /** Takes an upload back. If that cannot be done now, a sweep does it. */
  void abandon(long number) {
    maintenance.later(() -> maintenance.clearUpload(number));
  }

  /** A put found its content there already, or was lost: its own file is in nobody's way. */
  void shared(Held held) {
    if (held.place() == Held.IN_FILE) {
      maintenance.later(() -> maintenance.clearFile(held.id(), held.number()));
    }
  }

  // ---- reading

  @Override
  public BlobReader open(BlobId id) {
    return store.counted(() -> {
      Held held = pending.get(id);
      if (held != null && held.place() != Held.IN_FILE) {
        return new PieceReader(this::requireOpen, held.content());
      }
      Stored stored =
          held != null
              ? new Stored(held.number(), held.size(), held.place(), null, held.sums())
              : stored(id);
      if (suspects.contains(id)) {
        readThrough(id, stored);
      }
      return reader(id, stored);
    });
  }

  /** The chunks of a blob, for its reader: who goes on gets several at once. */
  private final class Pieces implements PieceReader.Pieces {
    private final BlobId id;
    private final Stored stored;

    Pieces(BlobId id, Stored stored) {
      this.id = id;
      this.stored = stored;
    }

    @Override
    public int size() {
      return Codec.SIZE;
    }

    @Override
    public byte[] from(int index, boolean onwards, byte[] spare) {
      return chunks(id, stored, index, onwards ? AHEAD : 1);
    }
  }

  private BlobReader reader(BlobId id, Stored stored) {
    if (stored.piece() == null) {
      return new PieceReader(this::requireOpen, stored.size(), new Pieces(id, stored));
    }
    try {
      return new PieceReader(
          this::requireOpen, codec.decode(List.of(stored.piece()), "blob " + id).getFirst());
    } catch (StoreException.Corrupt e) {
      suspect(id);
      throw e;
    }
  }

  private Stored stored(BlobId id) {
    return database.call(
        "opening a blob",
        connection -> {
          Stored found = stored(connection, id);
          if (found == null) {
            throw new StoreException.BlobMissing(id);
          }
          return found;
        });
  }

  private static @Nullable Stored stored(Connection connection, BlobId id) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(OPEN)) {
      statement.setBytes(1, id.sha256().toByteArray());
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? stored(row, 1) : null;
      }
    }
  }

  /** A blob from seven columns. */
  static Stored stored(ResultSet row, int column) throws SQLException {
    long size = row.getLong(column + 1);
    byte[] octets = row.getBytes(column + 5);
    byte[] sums = row.getBytes(column + 6);
    return new Stored(
        row.getLong(column),
        size,
        row.getInt(column + 2),
        row.getInt(column + 2) == Held.IN_ROW && size <= Codec.SIZE
            ? new Codec.Piece(
                row.getInt(column + 3),
                (int) size,
                row.getInt(column + 4),
                octets == null ? new byte[0] : octets)
            : null,
        sums == null ? new byte[0] : sums);
  }

  /** Fails as the first damaged chunk does, or clears the blob of suspicion. */
  private void readThrough(BlobId id, Stored stored) {
    if (stored.piece() == null) {
      for (int index = 0; (long) index * Codec.SIZE < stored.size(); index++) {
        byte[] unused = chunks(id, stored, index, 1);
      }
    }
    suspects.remove(id);
  }

  private void suspect(BlobId id) {
    if (suspects.size() < MOST_SUSPECTS) {
      suspects.add(id);
    }
  }

  /**
   * Chunks of a blob that follow each other, at least one.
   *
   * @throws StoreException.BlobMissing if the blob has been swept meanwhile
   * @throws StoreException.Corrupt if one is damaged, which the next {@link #open} will look into
   */
  byte[] chunks(BlobId id, Stored blob, int index, int count) {
    try {
      return store.counted(() ->
          blob.place() == Held.IN_FILE
              ? readFile(id, blob, index)
              : readChunks(id, blob, index, count));
    } catch (StoreException.Corrupt e) {
      suspect(id);
      throw e;
    }
  }

  /**
   * A put that finds its content there already takes its own file away, even from under readers.
   */
  private byte[] readFile(BlobId id, Stored blob, int index) {
    try {
      return files.read(id, blob, index);
    } catch (StoreException.BlobMissing e) {
      Stored kept = stored(id);
      if (kept.number() == blob.number()) {
        throw e;
      }
      if (kept.piece() != null) {
        return codec.decode(List.of(kept.piece()), "blob " + id).getFirst();
      }
      return kept.place() == Held.IN_FILE
          ? files.read(id, kept, index)
          : readChunks(id, kept, index, 1);
    }
  }

  private byte[] readChunks(BlobId id, Stored blob, int index, int count) {
    List<Codec.Piece> pieces =
        database.call(
            "reading a blob", connection -> pieces(connection, blob.number(), index, count));
    if (pieces.isEmpty()) {
      if (stored(id).number() != blob.number()) {
        throw new StoreException.BlobMissing(id);
      }
      throw new StoreException.Corrupt("chunk " + index + " of blob " + id + " is missing", null);
    }
    List<byte[]> parts = codec.decode(pieces, "a chunk from " + index + " on of blob " + id);
    ByteString joined = ByteString.EMPTY;
    for (byte[] part : parts) {
      joined = joined.concat(ByteString.copyFrom(part));
    }
    long end = Math.min(blob.size(), (long) (index + pieces.size()) * Codec.SIZE);
    if (joined.size() != end - (long) index * Codec.SIZE) {
      throw new StoreException.Corrupt(
          "chunks from " + index + " on of blob " + id + " are not whole", null);
    }
    return joined.toByteArray();
  }

  private static List<Codec.Piece> pieces(Connection connection, long number, int index, int count)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(CHUNKS)) {
      statement.setLong(1, number);
      statement.setInt(2, index);
      statement.setInt(3, count);
      List<Codec.Piece> pieces = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          pieces.add(
              new Codec.Piece(rows.getInt(1), rows.getInt(2), rows.getInt(3), rows.getBytes(4)));
        }
      }
      return pieces;
    }
  }

  void requireOpen() {
    store.requireOpen();
  }

  @Override
  public List<Blob> list(@Nullable BlobId after, int limit) {
    PostgresLogs.requireLimit(limit);
    return store.counted(() -> {
      barrier();
      return database.call("listing blobs", connection -> list(connection, after, limit));
    });
  }

  private static List<Blob> list(Connection connection, @Nullable BlobId after, int limit)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT id, size FROM blobs WHERE id > ? ORDER BY id LIMIT ?")) {
      statement.setBytes(1, after == null ? new byte[0] : after.sha256().toByteArray());
      statement.setInt(2, limit);
      List<Blob> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(new Blob(BlobId.of(rows.getBytes(1)), rows.getLong(2)));
        }
      }
      return found;
    }
  }

  @Override
  public Swept sweep(Duration grace) {
    return store.counted(() -> {
      barrier();
      return maintenance.call(() -> maintenance.sweep(grace));
    });
  }

  /** Where the content of a blob in the shared directory is. */
  Path file(BlobId id, long number) {
    return files.path(id, number);
  }
}
