package hikyaku.server.tlsrpt;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.smtpclient.TlsFault;
import hikyaku.server.smtpclient.TlsObserver;
import hikyaku.server.smtpclient.TlsPolicy;
import hikyaku.server.tlsrpt.proto.CountedResult;
import hikyaku.server.tlsrpt.proto.ResultsRecord;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts how TLS with other servers goes. Safe for many threads. */
public final class TlsResults implements TlsObserver, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TlsResults.class);

  static final String PREFIX = "tls-results/";

  /** Results that differ, between two times of writing them down; more are not counted. */
  static final int MOST = 10_000;

  /** Results that one entry holds. */
  private static final int AT_ONCE = 500;

  /** How often they are written down. */
  private static final Duration EVERY = Duration.ofMinutes(1);

  /** Characters of a reason; servers can say much. */
  private static final int REASON = 200;

  private final LogStore logs;
  private final InstantSource clock;
  private final TlsObserver next;

  /** Guarded by this. */
  private Map<LocalDate, Map<CountedResult, Long>> days = new HashMap<>();

  private int kept;
  private final Thread writer = Thread.ofVirtual().name("tls-results").unstarted(this::write);

  /**
   * @param next is told as well
   */
  public TlsResults(LogStore logs, InstantSource clock, TlsObserver next) {
    this.logs = logs;
    this.clock = clock;
    this.next = next;
  }

  /** Begins to write down what is counted, every so often. */
  public void start() {
    writer.start();
  }

  private void write() {
    try {
      while (true) {
        Thread.sleep(EVERY);
        flushIfPossible();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void flushIfPossible() {
    try {
      var unused = flush();
    } catch (StoreException e) {
      LOG.atWarn().addKeyValue("cause", e.getMessage()).log("results of TLS cannot be kept yet");
    }
  }

  /** Writes down the rest. */
  @Override
  public void close() {
    writer.interrupt();
    flushIfPossible();
  }

  static LogName log(LocalDate day) {
    return new LogName(PREFIX + day);
  }

  @Override
  public void told(Outcome outcome) {
    next.told(outcome);
    count(clock.instant().atOffset(ZoneOffset.UTC).toLocalDate(), result(outcome), 1);
  }

  private static CountedResult result(Outcome outcome) {
    TlsPolicy policy = outcome.policy();
    CountedResult.Builder result =
        CountedResult.newBuilder()
            .setDomain(policy.domain())
            .setPolicyType(policy.kind().word())
            .setPolicyDomain(policy.owner())
            .addAllPolicyLines(policy.lines())
            .addAllPolicyServers(policy.servers());
    TlsFault fault = outcome.fault();
    if (fault != null) {
      String reason = outcome.reason();
      result
          .setFault(fault.word())
          .setReason(reason.length() > REASON ? reason.substring(0, REASON) : reason)
          .setServer(outcome.server())
          .setReceivingIp(outcome.to())
          .setSendingIp(outcome.from());
    }
    return result.build();
  }

  private synchronized void count(LocalDate day, CountedResult result, long sessions) {
    Map<CountedResult, Long> counts = days.computeIfAbsent(day, _ -> new HashMap<>());
    if (kept < MOST || counts.containsKey(result)) {
      if (counts.merge(result, sessions, Long::sum) == sessions) {
        kept++;
      }
    } else {
      LOG.atDebug().addKeyValue("domain", result.getDomain()).log("too many results to count");
    }
  }

  private synchronized Map<LocalDate, Map<CountedResult, Long>> take() {
    Map<LocalDate, Map<CountedResult, Long>> taken = days;
    days = new HashMap<>();
    kept = 0;
    return taken;
  }

  /**
   * Writes down what was counted. What the store does not take is kept for the next time.
   *
   * @return how many results
   */
  public long flush() {
    long written = 0;
    Map<LocalDate, Map<CountedResult, Long>> left = take();
    try {
      for (Map.Entry<LocalDate, Map<CountedResult, Long>> each : left.entrySet()) {
        Map<CountedResult, Long> counts = each.getValue();
        while (!counts.isEmpty()) {
          List<CountedResult> some = counts.keySet().stream().limit(AT_ONCE).toList();
          ResultsRecord.Builder record = ResultsRecord.newBuilder();
          some.forEach(result ->
              record.addCounted(result.toBuilder().setSessions(counts.getOrDefault(result, 0L))));
          append(logs, log(each.getKey()), record.build());
          counts.keySet().removeAll(some);
          written += some.size();
        }
      }
    } finally {
      left.forEach((day, counts) -> counts.forEach((result, n) -> count(day, result, n)));
    }
    return written;
  }

  static void append(LogStore logs, LogName log, ResultsRecord record) {
    LogStore.appendOrBegin(logs, Append.to(log, List.of(Event.of(record.toByteString()))));
  }
}
