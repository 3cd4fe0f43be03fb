package hikyaku.stores.postgres;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/** Entries of another store as a call of the function {@code restore_2}. */
final class Restoration {
  private static final String CALL = "SELECT restore_2(" + "?, ".repeat(17) + "?)";

  private final LogName log;
  private final long after;
  private final Head head;
  private final long now;
  private final Columns.Numbers seqs = new Columns.Numbers();
  private final Columns.Numbers firstIds = new Columns.Numbers();
  private final Columns.Numbers ids = new Columns.Numbers();
  private final Columns.Numbers times = new Columns.Numbers();
  private final Columns.Numbers counts = new Columns.Numbers();
  private final Columns.Numbers octets = new Columns.Numbers();
  private final Columns.Numbers crcs = new Columns.Numbers();
  private final Columns.Octets payloads = new Columns.Octets();
  private final Columns.Octets blobs = new Columns.Octets();
  private final Columns.Numbers holdSeqs = new Columns.Numbers();
  private final Columns.Octets holdBlobs = new Columns.Octets();

  Restoration(LogName log, long after, List<Entry> entries, Head head, long now) {
    this.log = log;
    this.after = after;
    this.head = head;
    this.now = now;
    entries.forEach(this::add);
  }

  private void add(Entry entry) {
    byte[] payload = entry.payload().toByteArray();
    byte[] named = AppendBatch.join(entry.blobs());
    seqs.add(entry.seq());
    firstIds.add(entry.firstId());
    ids.add(entry.ids());
    times.add(entry.time().toEpochMilli());
    counts.add(entry.tally().count());
    octets.add(entry.tally().octets());
    crcs.add(Codec.crc(payload, named));
    payloads.add(payload);
    blobs.add(named);
    for (BlobId blob : new HashSet<>(entry.blobs())) {
      holdSeqs.add(entry.seq());
      holdBlobs.add(blob.sha256().toByteArray());
    }
  }

  /**
   * Does it; doing it again changes nothing.
   *
   * @return a blob that is missing
   * @throws IllegalArgumentException if the log is elsewhere
   */
  Optional<BlobId> run(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(CALL)) {
      Columns.Parameters parameters = new Columns.Parameters(statement);
      parameters.object(log.value()).object(after).object(now);
      parameters.object(head.seq()).object(head.nextId());
      parameters.object(head.tally().count()).object(head.tally().octets());
      parameters.longs(seqs).longs(firstIds).ints(ids).longs(times).longs(counts).longs(octets);
      parameters.ints(crcs).octets(payloads).octets(blobs).longs(holdSeqs).octets(holdBlobs);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        byte[] answer = row.getBytes(1);
        Confirmation.require(statement);
        PostgresLogs.require(answer == null || answer.length > 0, log + " is not at " + after);
        return Optional.ofNullable(answer).map(BlobId::of);
      }
    }
  }
}
