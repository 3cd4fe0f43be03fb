package hikyaku.server.dmarc;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Outcome;
import hikyaku.server.dkim.Signer;
import hikyaku.server.dmarc.proto.DmarcEvent;
import hikyaku.server.dmarc.proto.Finished;
import hikyaku.server.dmarc.proto.Sent;
import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.reports.ReportClaims;
import hikyaku.server.reports.ReportLetter;
import hikyaku.server.reports.ReportMail;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the reports of days that are over. One thread sends; another may close it meanwhile. */
public final class DmarcReporter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DmarcReporter.class);

  private static final LogName CLAIMS = new LogName("dmarc-reports");

  /** How long after midnight the clocks of all nodes are behind it. */
  private static final Duration SETTLED = Duration.ofHours(1);

  /** How long reports of a day are tried. */
  private static final Duration GIVE_UP = Duration.ofDays(3);

  /** How long it is gone on at one time; the rest is for the next. */
  private static final Duration AT_ONCE = Duration.ofMinutes(30);

  private final ReportMail letters;
  private final DmarcResults results;
  private final MailStore mail;
  private final Destinations destinations;
  private final ReportClaims claims;
  private final MeterRegistry meters;
  private final InstantSource clock;
  private volatile boolean closed;

  /**
   * @param letters who writes
   * @param node that this is, among all
   */
  public DmarcReporter(
      ReportMail letters,
      DmarcResults results,
      MailStore mail,
      Dns dns,
      String node,
      MeterRegistry meters,
      InstantSource clock) {
    this.letters = letters;
    this.results = results;
    this.mail = mail;
    this.destinations = new Destinations(dns);
    this.claims = new ReportClaims(mail.store().logs(), CLAIMS, node);
    this.meters = meters;
    this.clock = clock;
  }

  /**
   * Who writes reports of DMARC.
   *
   * @param host our name
   * @param signer signs them
   */
  public static ReportMail letters(
      String host, DmarcReportSettings settings, MailStore mail, Signer signer) {
    return new ReportMail(host, settings.contact(), mail, signer);
  }

  /**
   * Sends what is due, unless another node does. A domain of whose places DNS does not say whether
   * they want reports is tried again the next time. What was counted is folded in any case.
   *
   * @return how many domains are done with
   */
  public long send() {
    Instant began = clock.instant();
    boolean sends = claims.take(began);
    long done = 0;
    for (int part = 0; part < DmarcResults.PARTS && !closed; part++) {
      for (Map.Entry<Long, Tally.Day> day : results.tally(part).days().entrySet()) {
        Instant over =
            LocalDate.ofEpochDay(day.getKey()).plusDays(1).atStartOfDay().toInstant(ZoneOffset.UTC);
        if (sends && !began.isBefore(over.plus(SETTLED))) {
          boolean last = began.isAfter(over.plus(GIVE_UP));
          done += new DayOfPart(part, day.getKey(), day.getValue(), last, began).send();
        }
      }
    }
    return done;
  }

  /** It ends soon what it is at, and sends no more. */
  @Override
  public void close() {
    closed = true;
  }

  private void told(String result) {
    meters.counter("hikyaku.dmarc.reports", "result", result).increment();
  }

  /** A day that is over. */
  private final class DayOfPart {
    private final int part;
    private final long number;
    private final Tally.Day day;
    private final boolean last;
    private final Instant began;

    DayOfPart(int part, long number, Tally.Day day, boolean last, Instant began) {
      this.part = part;
      this.number = number;
      this.day = day;
      this.last = last;
      this.began = began;
    }

    /** How many domains are done with. */
    long send() {
      long done = 0;
      boolean all = true;
      for (Map.Entry<String, DomainTally> each : day.domains().entrySet()) {
        if (!each.getValue().finished()) {
          boolean sent = mayGoOn() && (send(each.getValue()) || last);
          if (sent) {
            finish(each.getKey(), each.getValue());
            done++;
          }
          all &= sent;
        }
      }
      if (all) {
        uncounted("domains", day.uncounted());
        append(DmarcEvent.newBuilder().setClosed(number), "closed." + part + "." + number);
      }
      return done;
    }

    private boolean mayGoOn() {
      Instant now = clock.instant();
      return !closed && now.isBefore(began.plus(AT_ONCE)) && claims.holds(now);
    }

    private void finish(String domain, DomainTally tally) {
      uncounted("rows", tally.missing());
      append(
          DmarcEvent.newBuilder()
              .setFinished(Finished.newBuilder().setDay(number).setDomain(domain)),
          ReportMail.key("finished." + number + "." + domain));
    }

    private void append(DmarcEvent.Builder event, String key) {
      var unused =
          mail.store()
              .logs()
              .append(DmarcResults.append(DmarcResults.log(part), event).withKey(key))
              .orThrow();
    }

    private void uncounted(String cause, long messages) {
      meters.counter("hikyaku.dmarc.uncounted", "cause", cause).increment(messages);
      if (messages > 0) {
        LOG.atWarn()
            .addKeyValue("day", LocalDate.ofEpochDay(number))
            .addKeyValue("cause", "too many " + cause)
            .addKeyValue("messages", messages)
            .log("messages are in no report of DMARC");
      }
    }

    /** Whether the domain has its report wherever it wants it. */
    private boolean send(DomainTally tally) {
      AggregateReport report =
          new AggregateReport(
              letters.host(), letters.contact(), LocalDate.ofEpochDay(number), tally);
      Map<String, Place> places;
      try {
        places = destinations.of(report.domain(), tally.policy().getReportsList());
      } catch (DnsException e) {
        LOG.atDebug().addKeyValue("domain", report.domain()).log("nobody says who wants a report");
        if (last) {
          told("unsure");
        }
        return false;
      }
      if (places.isEmpty()) {
        told("unwanted");
        return true;
      }
      ReportLetter letter = report.letter();
      places.forEach((address, place) -> {
        if (!tally.sent().contains(address)) {
          mail(report, letter, address, place);
        }
      });
      return true;
    }

    private void mail(AggregateReport report, ReportLetter letter, String address, Place place) {
      Instant now = clock.instant();
      if (letters.octets(letter, place.to(), now) > place.most()) {
        told("too_big");
        LOG.atInfo()
            .addKeyValue("domain", report.domain())
            .addKeyValue("to", address)
            .log("a report of DMARC is bigger than its place takes");
        return;
      }
      // Two addresses that only look alike are told apart by the hash.
      String id =
          letter.id() + "." + Integer.toHexString(address.hashCode()) + "." + address.length();
      Append sent =
          DmarcResults.append(
                  DmarcResults.log(part),
                  DmarcEvent.newBuilder()
                      .setSent(
                          Sent.newBuilder()
                              .setDay(number)
                              .setDomain(report.domain())
                              .setAddress(address)))
              .withKey(ReportMail.key("sent." + id));
      mail.store()
          .logs()
          .append(List.of(letters.queued(id, letter, place.to(), Outgoing.Tls.USUAL, now), sent))
          .forEach(Outcome::orThrow);
      told("sent");
      LOG.atInfo()
          .addKeyValue("mail", true)
          .addKeyValue("domain", report.domain())
          .addKeyValue("to", address)
          .log("a report of DMARC goes out");
    }
  }
}
