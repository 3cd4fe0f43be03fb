package hikyaku.systemtests.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** What all clients of a course share: where the service is, what is known, what was counted. */
final class Crew {
  /** Longer than a front looks for a node, and than a node waits for the database. */
  static final Duration FRONT_PATIENCE = Duration.ofSeconds(100);

  /** An account of the service. */
  record Account(String address, String password, List<Book> books) {
    Book inbox() {
      return books.getFirst();
    }
  }

  /** Ways there: the front, and each node. */
  record Routes(Route front, List<Route> nodes) {
    Route node(Random random) {
      return nodes.get(random.nextInt(nodes.size()));
    }
  }

  private final Times times;
  private final long seed;
  private final Routes routes;
  private final List<Account> accounts;
  private final AtomicInteger tokens = new AtomicInteger();
  private final Map<String, Journal> journals = new ConcurrentHashMap<>();
  private final ConcurrentLinkedQueue<String> refusals = new ConcurrentLinkedQueue<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final ConcurrentLinkedQueue<String> findings = new ConcurrentLinkedQueue<>();
  private volatile boolean works = true;

  final LongAdder commands = new LongAdder();
  final LongAdder looks = new LongAdder();
  final LongAdder lost = new LongAdder();
  final LongAdder refused = new LongAdder();
  final LongAccumulator longestMicros = new LongAccumulator(Math::max, 0);

  Crew(Times times, long seed, Routes routes, List<Account> accounts) {
    this.times = times;
    this.seed = seed;
    this.routes = routes;
    this.accounts = accounts;
  }

  Times times() {
    return times;
  }

  Routes routes() {
    return routes;
  }

  List<Account> accounts() {
    return accounts;
  }

  int token() {
    return tokens.incrementAndGet();
  }

  /** A source of choices, the same for a client of this name at each course of this seed. */
  Random random(String name) {
    return new Random(seed * 1_000_003 + name.hashCode());
  }

  Journal journal(String name) {
    return journals.computeIfAbsent(name, absent -> new Journal(times));
  }

  boolean works() {
    return works;
  }

  /** The clients finish what they do, and begin nothing new. */
  void rest() {
    works = false;
  }

  /**
   * A connection ended that goes through a node only: the outcome of what was under way is open.
   */
  void lost(String who, IOException why) {
    lost.increment();
    journal(who).write(who, "lost: " + why);
  }

  /** The service said that it cannot now. */
  void refused(String who, String what) {
    refused.increment();
    journal(who).write(who, "refused: " + what);
    if (refusals.size() < 1_000) {
      refusals.add(Times.shown(times.now()) + " " + who + " " + what);
    }
  }

  List<String> refusals() {
    return List.copyOf(refusals);
  }

  /** An answer through the front took so long. */
  void answered(long nanos) {
    commands.increment();
    longestMicros.accumulate(nanos / 1000);
  }

  /** The course ends with this. */
  void found(String who, Throwable what) {
    works = false;
    StringBuilder text = new StringBuilder();
    text.append(Times.shown(times.now())).append(' ').append(who).append(": ").append(what);
    for (Throwable cause = what.getCause(); cause != null; cause = cause.getCause()) {
      text.append("\n  because of ").append(cause);
    }
    if (!(what instanceof Finding)) {
      for (StackTraceElement element : what.getStackTrace()) {
        text.append("\n  at ").append(element);
      }
    }
    findings.add(text.toString());
    ended.countDown();
  }

  List<String> findings() {
    return List.copyOf(findings);
  }

  /** Writes down what the clients said last. */
  void keep(Path directory) throws IOException {
    Files.createDirectories(directory);
    for (Map.Entry<String, Journal> entry : journals.entrySet()) {
      Files.writeString(directory.resolve(entry.getKey() + ".txt"), entry.getValue().text());
    }
    Files.writeString(directory.resolve("refusals.txt"), String.join("\n", refusals));
  }

  String counted() {
    return String.format(
        Locale.ROOT,
        "%d commands, %d looks at whole mailboxes, %d connections to nodes lost, %d refusals,"
            + " longest answer by the front %.1f s",
        commands.sum(),
        looks.sum(),
        lost.sum(),
        refused.sum(),
        longestMicros.get() / 1e6);
  }

  /** All items of all books in one line each. */
  List<Book> books() {
    List<Book> books = new ArrayList<>();
    accounts.forEach(account -> books.addAll(account.books()));
    return books;
  }
}
