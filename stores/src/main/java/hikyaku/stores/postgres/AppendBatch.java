package hikyaku.stores.postgres;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Conflict;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Several rounds as one call of the function {@code append_1}: one statement, one transaction, one
 * round trip. It goes under a token, so that it can be asked again when its outcome is not known.
 */
final class AppendBatch {
  private static final int STRIDE = 5;
  private static final int APPLIED = 1;
  private static final int REPEATED = 2;
  private static final int CONFLICT = 3;
  private static final String CALL = "SELECT * FROM append_1(" + "?, ".repeat(43) + "?)";

  /**
   * What the database answered.
   *
   * @param missing for places of rounds, from 0, a blob that they lack
   */
  record Answer(long[] results, Map<Integer, BlobId> missing, boolean[] fresh) {}

  private record LogKey(LogName log, String key) {}

  private final UUID token = UUID.randomUUID();
  private final List<AppendRound> rounds;
  private final List<Append> appends = new ArrayList<>();

  /** Those that the rounds carry, each content once. */
  private final List<Held> puts = new ArrayList<>();

  private final Map<BlobId, Integer> putPlaces = new HashMap<>();
  private final long now;

  // The blobs that are put, and the chunks of those that have some.
  private final Columns.Octets blobIds = new Columns.Octets();
  private final Columns.Numbers blobNumbers = new Columns.Numbers();
  private final Columns.Numbers blobSizes = new Columns.Numbers();
  private final Columns.Numbers blobTimes = new Columns.Numbers();
  private final Columns.Numbers blobPlaces = new Columns.Numbers();
  private final Columns.Numbers blobCodings = new Columns.Numbers();
  private final Columns.Numbers blobCrcs = new Columns.Numbers();
  private final Columns.Octets blobOctets = new Columns.Octets();
  private final Columns.Octets blobSums = new Columns.Octets();
  private final Columns.Numbers chunkNumbers = new Columns.Numbers();
  private final Columns.Numbers chunkIndexes = new Columns.Numbers();
  private final Columns.Numbers chunkCodings = new Columns.Numbers();
  private final Columns.Numbers chunkSizes = new Columns.Numbers();
  private final Columns.Numbers chunkCrcs = new Columns.Numbers();
  private final Columns.Octets chunkOctets = new Columns.Octets();

  // Logs by name; the value becomes the place.
  private final TreeMap<String, Integer> logPlaces = new TreeMap<>();
  private final Set<String> newLogs = new HashSet<>();

  private final Columns.Numbers appendRounds = new Columns.Numbers();
  private final Columns.Numbers appendLogs = new Columns.Numbers();
  private final Columns.Numbers appendExpects = new Columns.Numbers();
  private final Columns.Octets appendKeys = new Columns.Octets();
  private final Columns.Numbers appendSames = new Columns.Numbers();
  private final Columns.Numbers appendEvents = new Columns.Numbers();
  private final Columns.Numbers appendIds = new Columns.Numbers();
  private final Columns.Numbers appendCounts = new Columns.Numbers();
  private final Columns.Numbers appendOctets = new Columns.Numbers();

  private final Columns.Numbers eventAppends = new Columns.Numbers();
  private final Columns.Numbers eventPlaces = new Columns.Numbers();
  private final Columns.Numbers eventIdPlaces = new Columns.Numbers();
  private final Columns.Numbers eventIds = new Columns.Numbers();
  private final Columns.Numbers eventCounts = new Columns.Numbers();
  private final Columns.Numbers eventOctets = new Columns.Numbers();
  private final Columns.Numbers eventCrcs = new Columns.Numbers();
  private final Columns.Octets eventPayloads = new Columns.Octets();
  private final Columns.Octets eventBlobs = new Columns.Octets();

  private final Columns.Numbers holdEvents = new Columns.Numbers();
  private final Columns.Octets holdBlobs = new Columns.Octets();
  private final Columns.Numbers neededRounds = new Columns.Numbers();
  private final Columns.Octets neededBlobs = new Columns.Octets();
  private final Columns.Octets lockedBlobs = new Columns.Octets();

  /**
   * @param now the time of the round, in milliseconds since 1970
   */
  AppendBatch(List<AppendRound> rounds, long now) {
    this.rounds = rounds;
    this.now = now;
    Map<BlobId, Held> distinct = new HashMap<>();
    for (AppendRound round : rounds) {
      for (Held held : round.carried()) {
        distinct.merge(held.id(), held, Held::putAgainAs);
      }
      appends.addAll(round.appends());
    }
    puts.addAll(distinct.values());
    puts.sort(Held.BY_ID);
    for (Held held : puts) {
      putPlaces.put(held.id(), putPlaces.size());
      addBlob(held);
    }
    addLogs();
    addAppends();
    addNeeds();
  }

  /** Whether it was this put that made the blob. */
  boolean isFresh(Answer answer, Held held) {
    int place = putPlaces.getOrDefault(held.id(), 0);
    return answer.fresh()[place] && puts.get(place).number() == held.number();
  }

  private void addBlob(Held held) {
    boolean inRow = held.place() == Held.IN_ROW && !held.pieces().isEmpty();
    Codec.@Nullable Piece piece = inRow ? held.pieces().getFirst() : null;
    blobIds.add(held.id().sha256().toByteArray());
    blobNumbers.add(held.number());
    blobSizes.add(held.size());
    blobTimes.add(held.time());
    blobPlaces.add(held.place());
    blobCodings.add(piece == null ? Codec.RAW : piece.coding());
    blobCrcs.add(piece == null ? 0 : piece.crc());
    blobOctets.add(piece == null ? null : piece.octets());
    blobSums.add(held.place() == Held.IN_FILE ? held.sums() : null);
    if (held.place() == Held.IN_CHUNKS) {
      for (int index = 0; index < held.pieces().size(); index++) {
        Codec.Piece chunk = held.pieces().get(index);
        chunkNumbers.add(held.number());
        chunkIndexes.add(index);
        chunkCodings.add(chunk.coding());
        chunkSizes.add(chunk.size());
        chunkCrcs.add(chunk.crc());
        chunkOctets.add(chunk.octets());
      }
    }
  }

  private void addLogs() {
    for (Append append : appends) {
      logPlaces.put(append.log().value(), 0);
      if (append.expect().equals(Append.Expect.NEW)) {
        newLogs.add(append.log().value());
      }
    }
    int place = 0;
    for (Map.Entry<String, Integer> log : logPlaces.entrySet()) {
      log.setValue(++place);
    }
  }

  private void addAppends() {
    Map<LogKey, Integer> keys = new HashMap<>();
    int roundPlace = 0;
    int place = 0;
    for (AppendRound round : rounds) {
      roundPlace++;
      for (Append append : round.appends()) {
        place++;
        appendRounds.add(roundPlace);
        appendLogs.add(logPlaces.getOrDefault(append.log().value(), 0));
        appendExpects.add(
            switch (append.expect()) {
              case Append.Expect.Existing() -> -2;
              case Append.Expect.At(long seq) -> Math.max(-1, seq);
            });
        String key = append.key();
        Integer same = key == null ? null : keys.put(new LogKey(append.log(), key), place);
        appendKeys.add(key == null ? null : key.getBytes(StandardCharsets.UTF_8));
        appendSames.add(same == null ? 0 : same);
        addEvents(append, place);
      }
    }
  }

  private void addEvents(Append append, int place) {
    long ids = 0;
    Tally tally = Tally.ZERO;
    int at = 0;
    for (Event event : append.events()) {
      byte[] payload = event.payload().toByteArray();
      byte[] blobs = join(event.blobs());
      eventAppends.add(place);
      eventPlaces.add(at++);
      eventIdPlaces.add(ids);
      eventIds.add(event.ids());
      eventCounts.add(event.tally().count());
      eventOctets.add(event.tally().octets());
      eventCrcs.add(Codec.crc(payload, blobs));
      eventPayloads.add(payload);
      eventBlobs.add(blobs);
      for (BlobId blob : new HashSet<>(event.blobs())) {
        holdEvents.add(eventAppends.count());
        holdBlobs.add(blob.sha256().toByteArray());
      }
      ids += event.ids();
      tally = tally.plus(event.tally());
    }
    appendEvents.add(append.events().size());
    appendIds.add(ids);
    appendCounts.add(tally.count());
    appendOctets.add(tally.octets());
  }

  static byte[] join(List<BlobId> blobs) {
    ByteString joined = ByteString.EMPTY;
    for (BlobId blob : blobs) {
      joined = joined.concat(blob.sha256());
    }
    return joined.toByteArray();
  }

  private void addNeeds() {
    Set<BlobId> locked = new HashSet<>();
    int roundPlace = 0;
    for (AppendRound round : rounds) {
      roundPlace++;
      for (BlobId blob : round.blobs()) {
        if (!putPlaces.containsKey(blob)) {
          neededRounds.add(roundPlace);
          neededBlobs.add(blob.sha256().toByteArray());
          if (locked.add(blob)) {
            lockedBlobs.add(blob.sha256().toByteArray());
          }
        }
      }
    }
  }

  /**
   * Asks the database.
   *
   * @param repeat whether it has been asked before, and may have done it
   * @throws SQLException also if the commit went through without the confirmation that it should
   *     have had: {@link SqlFailure#UNCONFIRMED}
   */
  Answer run(Connection connection, boolean repeat) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(CALL)) {
      bind(new Columns.Parameters(statement), repeat);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        Answer answer =
            new Answer(
                Columns.longs(row.getArray(1)), missing(row.getArray(2)), flags(row.getArray(3)));
        Confirmation.require(statement);
        return answer;
      }
    }
  }

  private void bind(Columns.Parameters parameters, boolean repeat) throws SQLException {
    parameters.object(token).object(repeat).object(now);
    parameters.octets(blobIds).longs(blobNumbers).longs(blobSizes).longs(blobTimes);
    parameters.shorts(blobPlaces).shorts(blobCodings).ints(blobCrcs);
    parameters.octets(blobOctets).octets(blobSums);
    parameters.longs(chunkNumbers).ints(chunkIndexes).shorts(chunkCodings).ints(chunkSizes);
    parameters.ints(chunkCrcs).octets(chunkOctets);
    boolean[] isNew = new boolean[logPlaces.size()];
    logPlaces.forEach((name, place) -> isNew[place - 1] = newLogs.contains(name));
    parameters.texts(List.copyOf(logPlaces.keySet())).flags(isNew);
    parameters.ints(appendRounds).ints(appendLogs).longs(appendExpects).octets(appendKeys);
    parameters.ints(appendSames).longs(appendEvents).longs(appendIds).longs(appendCounts);
    parameters.longs(appendOctets);
    parameters.ints(eventAppends).ints(eventPlaces).longs(eventIdPlaces).ints(eventIds);
    parameters.longs(eventCounts).longs(eventOctets).ints(eventCrcs);
    parameters.octets(eventPayloads).octets(eventBlobs);
    parameters.ints(holdEvents).octets(holdBlobs);
    parameters.object(rounds.size()).ints(neededRounds).octets(neededBlobs).octets(lockedBlobs);
  }

  private static Map<Integer, BlobId> missing(Array array) throws SQLException {
    Map<Integer, BlobId> missing = new HashMap<>();
    Object[] ids = (Object[]) array.getArray();
    for (int place = 0; place < ids.length; place++) {
      if (ids[place] instanceof byte[] id) {
        missing.put(place, BlobId.of(id));
      }
    }
    return missing;
  }

  private static boolean[] flags(Array array) throws SQLException {
    Boolean[] boxed = (Boolean[]) array.getArray();
    boolean[] values = new boolean[boxed.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = boxed[i];
    }
    return values;
  }

  /**
   * The outcomes for one of the rounds.
   *
   * @throws StoreException.BlobMissing if it names a blob that is not there
   */
  List<Outcome> outcomes(Answer answer, AppendRound round) {
    int index = rounds.indexOf(round);
    if (answer.missing().get(index) instanceof BlobId missing) {
      throw new StoreException.BlobMissing(missing);
    }
    int first = 0;
    for (AppendRound earlier : rounds.subList(0, index)) {
      first += earlier.appends().size();
    }
    List<Outcome> outcomes = new ArrayList<>(round.appends().size());
    for (int i = 0; i < round.appends().size(); i++) {
      outcomes.add(outcome(answer.results(), STRIDE * (first + i), round.appends().get(i).log()));
    }
    return Collections.unmodifiableList(outcomes);
  }

  private static Outcome outcome(long[] results, int at, LogName log) {
    return switch ((int) results[at]) {
      case APPLIED -> new Appended(log, results[at + 1], results[at + 2], results[at + 3], false);
      case REPEATED -> new Appended(log, results[at + 1], results[at + 2], results[at + 3], true);
      case CONFLICT ->
          new Conflict(
              log,
              new Head(
                  results[at + 1], results[at + 2], new Tally(results[at + 3], results[at + 4])));
      default -> throw new IllegalStateException("the database answered " + results[at]);
    };
  }
}
