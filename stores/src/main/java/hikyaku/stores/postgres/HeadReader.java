package hikyaku.stores.postgres;

import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import hikyaku.stores.base.Waiting;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Looks at heads for many callers at once: what has gathered while a query was under way goes into
 * the next one. A query begins after the calls that it answers, so what they are told is no older
 * than their question.
 */
final class HeadReader implements AutoCloseable {
  private static final int NAMES_AT_ONCE = 4096;
  private static final String QUERY =
      "SELECT name, last_seq, next_id, tally_count, tally_octets FROM logs WHERE name = ANY (?)";

  private record Question(
      List<LogName> logs, long deadline, CompletableFuture<Map<LogName, Head>> answer) {}

  private static final Question END =
      new Question(List.of(), Long.MAX_VALUE, new CompletableFuture<>());

  private final Database database;
  private final PostgresSettings settings;
  private final LinkedBlockingQueue<Question> questions = new LinkedBlockingQueue<>();
  private final List<Thread> threads = new ArrayList<>();

  HeadReader(Database database, PostgresSettings settings) {
    this.database = database;
    this.settings = settings;
    for (int i = 0; i < settings.pool().headReaders(); i++) {
      threads.add(Thread.ofVirtual().name("postgres-heads-" + i).unstarted(this::run));
    }
  }

  void start() {
    threads.forEach(Thread::start);
  }

  /** The heads of logs; those that are not there have NONE. */
  Map<LogName, Head> heads(List<LogName> logs) {
    Question question =
        new Question(List.copyOf(logs), database.deadline(), new CompletableFuture<>());
    questions.add(question);
    return Waiting.forAnswer(
        question.answer(),
        settings.patience().plus(settings.attempt()).plus(settings.attempt()),
        "looking at heads has not come back in time");
  }

  private void run() {
    try (Session session = database.newSession()) {
      while (true) {
        List<Question> gathered = gather();
        if (gathered.isEmpty()) {
          return;
        }
        answer(session, gathered);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the reader of heads", e);
    }
  }

  /** What is there, up to a bound; nothing at the end, which is left for the other threads. */
  private List<Question> gather() throws InterruptedException {
    List<Question> gathered = new ArrayList<>();
    int names = 0;
    Question next = questions.take();
    while (next != null && next != END) {
      gathered.add(next);
      names += next.logs().size();
      next = names < NAMES_AT_ONCE ? questions.poll() : null;
    }
    if (next == END) {
      questions.add(END);
    }
    return gathered;
  }

  private void answer(Session session, List<Question> gathered) {
    try {
      Set<LogName> logs = new HashSet<>();
      gathered.forEach(question -> logs.addAll(question.logs()));
      long deadline = gathered.stream().mapToLong(Question::deadline).max().orElseThrow();
      Map<LogName, Head> found =
          database.attempt(
              session, deadline, "looking at heads", (open, repeat) -> query(open, logs));
      for (Question question : gathered) {
        Map<LogName, Head> own = new HashMap<>();
        question.logs().forEach(log -> own.put(log, found.getOrDefault(log, Head.NONE)));
        question.answer().complete(own);
      }
    } catch (StoreException e) {
      gathered.forEach(question -> question.answer().completeExceptionally(e));
    }
  }

  private static Map<LogName, Head> query(Connection connection, Set<LogName> logs)
      throws SQLException {
    Map<LogName, Head> found = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(QUERY)) {
      statement.setArray(1, Columns.texts(connection, logs.stream().map(LogName::value).toList()));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.put(new LogName(rows.getString(1)), head(rows, 2));
        }
      }
    }
    return found;
  }

  /** A head from four columns. */
  static Head head(ResultSet row, int column) throws SQLException {
    return new Head(
        row.getLong(column),
        row.getLong(column + 1),
        new Tally(row.getLong(column + 2), row.getLong(column + 3)));
  }

  /** Answers what was asked, and ends. */
  @Override
  public void close() {
    questions.add(END);
    threads.forEach(Waiting::forEnd);
  }
}
