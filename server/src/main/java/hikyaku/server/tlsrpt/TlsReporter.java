package hikyaku.server.tlsrpt;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.address.MailAddress;
import hikyaku.server.dkim.Signer;
import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.reports.ReportClaims;
import hikyaku.server.reports.ReportMail;
import hikyaku.server.tlsrpt.proto.CountedResult;
import hikyaku.server.tlsrpt.proto.HandedOver;
import hikyaku.server.tlsrpt.proto.ResultsRecord;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the reports of days that are over. One thread sends; another may close it meanwhile. */
public final class TlsReporter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TlsReporter.class);
  private static final LogName CLAIMS = new LogName("tls-reports");
  private static final int PAGE = 500;

  /** Days whose results are waiting; each is a log. */
  private static final int DAYS = 100;

  /** How long after midnight all nodes have written down what they counted before. */
  private static final Duration SETTLED = Duration.ofHours(1);

  /** How long reports of a day are tried. */
  private static final Duration GIVE_UP = Duration.ofDays(3);

  /** The same where there was no time for all of them. */
  private static final Duration GIVE_UP_UNTRIED = Duration.ofDays(4);

  /** How long it is gone on at one time; the rest is for the next. */
  static final Duration AT_ONCE = Duration.ofMinutes(10);

  private final ReportMail letters;
  private final MailStore mail;
  private final Dns dns;
  private final Web web;
  private final ReportClaims claims;
  private final InstantSource clock;
  private volatile boolean closed;

  /**
   * Domains that could not be told the last time. They are behind all others, or whoever names slow
   * web servers would take up all of the time each time. Only who sends has it.
   */
  private final Set<String> untold = new HashSet<>();

  /**
   * @param host our name
   * @param signer signs what goes out
   * @param web is closed with this
   * @param node that this is, among all
   */
  public TlsReporter(
      String host,
      TlsReportSettings settings,
      MailStore mail,
      Dns dns,
      Signer signer,
      Web web,
      String node,
      InstantSource clock) {
    this.letters = new ReportMail(host, settings.contact(), mail, signer);
    this.mail = mail;
    this.dns = dns;
    this.web = web;
    this.claims = new ReportClaims(mail.store().logs(), CLAIMS, node);
    this.clock = clock;
  }

  /** Hands reports to web servers. */
  @FunctionalInterface
  public interface Web extends AutoCloseable {
    /**
     * @param report as {@code application/tlsrpt+gzip}
     * @throws IOException if it was not accepted
     */
    void post(URI at, byte[] report) throws IOException;

    /** Breaks off what is under way, if its answer does not come soon. */
    @Override
    default void close() {}
  }

  /**
   * Sends what is due, unless another node does. A domain whose DNS does not answer is tried again
   * the next time.
   *
   * @return how many domains are done with
   */
  public long send() {
    Instant now = clock.instant();
    List<LogName> due =
        logs().list(TlsResults.PREFIX, null, DAYS).keySet().stream()
            .filter(log -> !now.isBefore(over(log).plus(SETTLED)))
            .toList();
    if (due.isEmpty() || !claims.take(now)) {
      return 0;
    }
    List<Day> days = due.stream().map(this::read).toList();
    Set<String> slow = Set.copyOf(untold);
    long done = send(days, domain -> !slow.contains(domain), now);
    done += send(days, slow::contains, now);
    if (isOurs()) {
      // Else what a stop left is for the next start, or another node.
      forget(days, now);
    }
    return done;
  }

  /**
   * Results of a day.
   *
   * @param handedOver reports that places have already
   * @param waiting by domain, those that have no report yet
   * @param untried domains that there was no time for
   */
  private record Day(
      LogName log,
      Set<HandedOver> handedOver,
      Map<String, Map<CountedResult, Long>> waiting,
      Set<String> untried) {}

  private Day read(LogName log) {
    Set<String> reported = new HashSet<>();
    Set<HandedOver> handedOver = new HashSet<>();
    Map<String, Map<CountedResult, Long>> domains = read(log, reported, handedOver);
    domains.keySet().removeAll(reported);
    return new Day(log, handedOver, domains, new HashSet<>(domains.keySet()));
  }

  /** Sends reports to some domains, of all days, as long as it may. */
  private long send(List<Day> days, Predicate<String> which, Instant now) {
    long done = 0;
    for (Day day : days) {
      for (Map.Entry<String, Map<CountedResult, Long>> each :
          new LinkedHashMap<>(day.waiting).entrySet()) {
        String domain = each.getKey();
        if (!which.test(domain)) {
          continue;
        }
        if (!mayGoOn(now)) {
          return done;
        }
        day.untried.remove(domain);
        DayReport report =
            new DayReport(letters.host(), letters.contact(), domain, day(day.log), each.getValue());
        if (send(report, day.log, day.handedOver, now)) {
          done++;
          untold.remove(domain);
          day.waiting.remove(domain);
          TlsResults.append(
              logs(), day.log, ResultsRecord.newBuilder().setReported(domain).build());
        } else {
          untold.add(domain);
        }
      }
    }
    return done;
  }

  /** Drops the days that are done with, or of which all was tried for long enough. */
  private void forget(List<Day> days, Instant now) {
    Set<String> wanted = new HashSet<>();
    for (Day day : days) {
      Instant end = over(day.log).plus(day.untried.isEmpty() ? GIVE_UP : GIVE_UP_UNTRIED);
      if (day.waiting.isEmpty() || now.isAfter(end)) {
        logs().drop(day.log);
      } else {
        wanted.addAll(day.waiting.keySet());
      }
    }
    untold.retainAll(wanted);
  }

  private static LocalDate day(LogName log) {
    return LocalDate.parse(log.value().substring(TlsResults.PREFIX.length()));
  }

  private static Instant over(LogName log) {
    return day(log).plusDays(1).atStartOfDay().toInstant(ZoneOffset.UTC);
  }

  private boolean isOurs() {
    return !closed && claims.holds(clock.instant());
  }

  private boolean mayGoOn(Instant began) {
    return clock.instant().isBefore(began.plus(AT_ONCE)) && isOurs();
  }

  /**
   * It sends no more, but for a report that is under way: whether that was accepted is waited for a
   * few seconds. What was not is sent by whoever sends next.
   */
  @Override
  public void close() {
    closed = true;
    web.close();
  }

  private LogStore logs() {
    return mail.store().logs();
  }

  private Map<String, Map<CountedResult, Long>> read(
      LogName log, Set<String> reported, Set<HandedOver> handedOver) {
    Map<String, Map<CountedResult, Long>> domains = new TreeMap<>();
    long seq = 0;
    List<Entry> page;
    do {
      page = logs().read(log, seq, Long.MAX_VALUE, PAGE);
      for (Entry entry : page) {
        seq = entry.seq();
        ResultsRecord record = read(entry);
        if (!record.getReported().isEmpty()) {
          reported.add(record.getReported());
        }
        if (record.hasHandedOver()) {
          handedOver.add(record.getHandedOver());
        }
        for (CountedResult each : record.getCountedList()) {
          domains
              .computeIfAbsent(each.getDomain(), _ -> new LinkedHashMap<>())
              .merge(each.toBuilder().clearSessions().build(), each.getSessions(), Long::sum);
        }
      }
    } while (page.size() == PAGE);
    return domains;
  }

  private static ResultsRecord read(Entry entry) {
    try {
      return ResultsRecord.parseFrom(entry.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt("entry " + entry.seq() + " is no result of TLS", e);
    }
  }

  /**
   * Sends a report to the places that have not got it yet, each with a note of its own.
   *
   * @return whether it is done with
   */
  private boolean send(DayReport report, LogName log, Set<HandedOver> before, Instant now) {
    List<Rua> places;
    try {
      places = dns.txt("_smtp._tls." + report.domain()).map(Rua::of).orElse(List.of());
    } catch (DnsException e) {
      LOG.atDebug().addKeyValue("domain", report.domain()).log("nobody says who wants a report");
      return false;
    }
    boolean done = true;
    for (int i = 0; i < places.size(); i++) {
      Rua place = places.get(i);
      HandedOver note =
          HandedOver.newBuilder().setDomain(report.domain()).setPlace(place.written()).build();
      if (before.contains(note)) {
        continue;
      }
      if (!mayGoOn(now)) {
        return false;
      }
      boolean sent =
          switch (place) {
            case Rua.Mail(MailAddress to) -> {
              mail(report, to, i, now);
              yield true;
            }
            case Rua.Web(URI at) -> post(report, at);
          };
      if (sent && places.size() > 1) {
        TlsResults.append(logs(), log, ResultsRecord.newBuilder().setHandedOver(note).build());
      }
      done &= sent;
    }
    return done;
  }

  private boolean post(DayReport report, URI at) {
    try {
      web.post(at, report.compressed());
      LOG.atInfo()
          .addKeyValue("domain", report.domain())
          .addKeyValue("at", at)
          .log("a report about TLS was posted");
      return true;
    } catch (IOException e) {
      LOG.atInfo()
          .addKeyValue("domain", report.domain())
          .addKeyValue("at", at)
          .addKeyValue("cause", e.getMessage())
          .log("a report about TLS was not accepted");
      return false;
    }
  }

  private void mail(DayReport report, MailAddress to, int place, Instant now) {
    String id = "tlsrpt." + report.day() + "." + place + "." + report.domain();
    // Its own policy may be what fails (RFC 8460 §5.3).
    Append message = letters.queued(id, report.letter(), to, Outgoing.Tls.OPTIONAL, now);
    var unused = logs().append(message).orThrow();
    LOG.atInfo()
        .addKeyValue("mail", true)
        .addKeyValue("domain", report.domain())
        .addKeyValue("to", to)
        .log("a report about TLS goes out");
  }
}
