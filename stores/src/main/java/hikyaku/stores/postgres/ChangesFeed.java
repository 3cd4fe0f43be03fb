package hikyaku.stores.postgres;

import hikyaku.mailbox.store.Change;
import hikyaku.mailbox.store.ChangePage;
import hikyaku.mailbox.store.LogName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The changes in the order of their rounds.
 *
 * <p>A transaction draws its round when it holds all its locks, so its round comes after those of
 * all transactions whose effects it could see. But transactions become visible out of order. A gap
 * before a round that is seen is a transaction still under way, or one that was rolled back: it
 * drew its number before the one behind the gap did, so when all transactions that were under way
 * after the gap was seen have ended, and the gap is still there, it stays empty. Readers stop at a
 * gap until then.
 */
final class ChangesFeed {
  /** How long a reader waits at a gap before it is given what is before it. */
  private static final long PATIENCE_NANOS = 2_000_000_000L;

  private static final long PAUSE_MILLIS = 1;

  private static final String PAGE =
      """
      SELECT s.id, s.trimmed_round, s.trimmed_part,
        greatest(s.trimmed_round, coalesce((SELECT max(round) FROM changes), 0)),
        c.round, c.part, c.log, c.first_seq, c.last_seq
      FROM store s LEFT JOIN LATERAL (
        SELECT * FROM changes WHERE (round, part) > (?, ?)
        ORDER BY round, part LIMIT ?) AS c ON true
      ORDER BY c.round, c.part
      """;

  /** A place in the feed: behind this part of this round. */
  private record Place(long store, long round, int part) {
    static final Place START = new Place(0, 0, 0);

    /** Reads a cursor; the start has store 0. */
    static Place parse(String cursor) {
      if (cursor.equals(ChangePage.START)) {
        return START;
      }
      String[] parts = cursor.split(":", -1);
      if (parts.length != 3) {
        throw new IllegalArgumentException("no cursor of this store: " + cursor);
      }
      return new Place(
          Long.parseLong(parts[0]), Long.parseLong(parts[1]), Integer.parseInt(parts[2]));
    }

    String print() {
      return store + ":" + round + ":" + part;
    }

    boolean isBefore(Place other) {
      return round < other.round || (round == other.round && part < other.part);
    }
  }

  private record Row(long round, int part, Change change) {}

  /**
   * What one look found.
   *
   * @param settled the round up to which gaps were known to stay empty before it looked; what
   *     became known since may be of transactions that it did not see
   * @param last the last round that is seen
   */
  private record Look(long settled, long store, Place trimmed, long last, List<Row> rows) {}

  private final Database database;

  /** Up to this round every gap is known to stay empty. */
  private final AtomicLong settled = new AtomicLong();

  ChangesFeed(Database database) {
    this.database = database;
  }

  ChangePage page(String cursor, int limit) {
    Place from = Place.parse(cursor);
    return database.call("reading the changes", connection -> page(connection, from, limit));
  }

  private ChangePage page(Connection connection, Place from, int limit) throws SQLException {
    Look look = look(connection, from, limit);
    boolean start = from.equals(Place.START);
    boolean foreign = !start && from.store() != look.store();
    if (foreign || from.round() > look.last()) {
      ChangePage anew = page(connection, Place.START, limit);
      return new ChangePage(anew.changes(), anew.next(), anew.more(), true);
    }
    long since = System.nanoTime();
    long seen = 0;
    long ended = 0;
    while (gapIn(look, from) instanceof Row behind) {
      if (System.nanoTime() - since > PATIENCE_NANOS) {
        return cut(look, from, behind);
      }
      if (ended == 0) {
        seen = look.rows().getLast().round();
        ended = transactionNow(connection);
      }
      if (oldestUnderWay(connection) > ended) {
        settle(seen);
        ended = 0;
      } else {
        pause();
      }
      look = look(connection, from, limit);
    }
    return page(look, from, look.rows(), limit);
  }

  /** The changes before a gap that is still open. */
  private static ChangePage cut(Look look, Place from, Row behind) {
    List<Row> before = look.rows().subList(0, look.rows().indexOf(behind));
    return page(look, from, before, Integer.MAX_VALUE);
  }

  private static ChangePage page(Look look, Place from, List<Row> rows, int limit) {
    boolean more = rows.size() > limit;
    List<Row> told = more ? rows.subList(0, limit) : rows;
    Place place = new Place(look.store(), from.round(), from.part());
    boolean gap = place.isBefore(look.trimmed());
    Place next = gap ? look.trimmed() : place;
    if (!told.isEmpty()) {
      Row last = told.getLast();
      next = new Place(look.store(), last.round(), last.part());
    }
    return new ChangePage(told.stream().map(Row::change).toList(), next.print(), more, gap);
  }

  /** The first row that has an open gap before it. */
  private static @Nullable Row gapIn(Look look, Place from) {
    long known = Math.max(look.settled(), Math.max(from.round(), look.trimmed().round()));
    long before = known;
    for (Row row : look.rows()) {
      if (row.round() > before + 1 && row.round() > known) {
        return row;
      }
      before = Math.max(before, row.round());
    }
    return null;
  }

  private void settle(long round) {
    settled.accumulateAndGet(round, Math::max);
  }

  private Look look(Connection connection, Place from, int limit) throws SQLException {
    long known = settled.get();
    try (PreparedStatement statement = connection.prepareStatement(PAGE)) {
      statement.setLong(1, from.round());
      statement.setInt(2, from.part());
      statement.setLong(3, limit + 1L);
      List<Row> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        rows.next();
        long store = rows.getLong(1);
        Place trimmed = new Place(store, rows.getLong(2), rows.getInt(3));
        long last = rows.getLong(4);
        do {
          long round = rows.getLong(5);
          if (!rows.wasNull()) {
            found.add(new Row(round, rows.getInt(6), change(rows)));
          }
        } while (rows.next());
        return new Look(known, store, trimmed, last, found);
      }
    }
  }

  private static Change change(ResultSet row) throws SQLException {
    LogName log = new LogName(row.getString(7));
    return row.getLong(9) == 0
        ? new Change.Dropped(log)
        : new Change.Appended(log, row.getLong(8), row.getLong(9));
  }

  /** A transaction number that all those under way now are below. */
  private static long transactionNow(Connection connection) throws SQLException {
    return number(connection, "SELECT pg_current_xact_id()::text::bigint");
  }

  /** No transaction below this number is under way. */
  private static long oldestUnderWay(Connection connection) throws SQLException {
    return number(connection, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint");
  }

  private static long number(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the store's threads", e);
    }
  }

  /** Forgets changes from before a time, as far as no gap is open. */
  void trim(long edge) {
    Boolean unused =
        database.call(
            "trimming the changes",
            connection -> {
              long last = settleAll(connection);
              try (PreparedStatement statement =
                  connection.prepareStatement("SELECT trim_1(?, ?)")) {
                statement.setLong(1, edge);
                statement.setLong(2, last);
                return statement.execute();
              }
            });
  }

  /** The last round before which no gap is open. */
  private long settleAll(Connection connection) throws SQLException {
    long last =
        number(
            connection,
            "SELECT greatest(trimmed_round, coalesce((SELECT max(round) FROM changes), 0))"
                + " FROM store");
    long ended = transactionNow(connection);
    long since = System.nanoTime();
    while (oldestUnderWay(connection) <= ended) {
      if (System.nanoTime() - since > PATIENCE_NANOS) {
        return settled.get();
      }
      pause();
    }
    settle(last);
    return last;
  }
}
