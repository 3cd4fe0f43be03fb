package hikyaku.server.ops;

import hikyaku.server.dmarc.ReceivedReports;
import hikyaku.server.dmarc.proto.ReceivedReport;
import hikyaku.server.dmarc.proto.ReceivedRow;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** What others report of mail that says to be from our domains. */
public final class DmarcOperations implements AdminApi.Group {
  private static final long USUAL_DAYS = 30;
  private static final long MOST_DAYS = 10_000;

  private final ReceivedReports received;
  private final InstantSource clock;

  public DmarcOperations(ReceivedReports received, InstantSource clock) {
    this.received = received;
    this.clock = clock;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "dmarc-reports", this::show);
  }

  private AdminResponse show(AdminRequest request) throws AdminException {
    long days = Math.clamp(request.number("days", USUAL_DAYS), 1, MOST_DAYS);
    Instant since = clock.instant().minus(Duration.ofDays(days));
    List<String> domains =
        request
            .parameter("domain")
            .map(domain -> List.of(domain.toLowerCase(Locale.ROOT)))
            .orElseGet(received::domains);
    List<Domain> views = new ArrayList<>();
    for (String domain : domains) {
      List<ReceivedReport> reports = received.of(domain, since);
      if (!reports.isEmpty()) {
        views.add(view(domain, reports));
      }
    }
    return AdminResponse.ok(views);
  }

  private static Domain view(String domain, List<ReceivedReport> reports) {
    Map<String, Sum> sums = new TreeMap<>();
    long missing = 0;
    long begin = Long.MAX_VALUE;
    long end = 0;
    TreeSet<String> reporters = new TreeSet<>();
    for (ReceivedReport report : reports) {
      reporters.add(reporter(report));
      missing += report.getMissing();
      begin = Math.min(begin, report.getBegin());
      end = Math.max(end, report.getEnd());
      for (ReceivedRow row : report.getRowsList()) {
        sums.computeIfAbsent(row.getSource(), Sum::new).add(report, row);
      }
    }
    return new Domain(
        domain,
        reports.size(),
        List.copyOf(reporters),
        time(begin),
        time(end),
        missing,
        sums.values().stream()
            .map(Sum::view)
            .sorted(Comparator.comparingLong(Source::messages).reversed())
            .toList());
  }

  /** Who was found to have written it counts for more than who it says. */
  private static String reporter(ReceivedReport report) {
    return report.getAuthor().isEmpty() ? report.getOrganization() : report.getAuthor();
  }

  /** ISO 8601; a time that nobody can have meant is as far as times go. */
  private static String time(long seconds) {
    return Instant.ofEpochSecond(Math.min(seconds, 253_402_300_799L)).toString();
  }

  /** What is told of a source. */
  private static final class Sum {
    private final String source;
    private final TreeSet<String> reporters = new TreeSet<>();
    private final TreeSet<String> authors = new TreeSet<>();
    private final Map<String, Long> dispositions = new TreeMap<>();
    private long messages;
    private long passed;
    private long dkim;
    private long spf;
    private long begin = Long.MAX_VALUE;
    private long end;

    Sum(String source) {
      this.source = source;
    }

    void add(ReceivedReport report, ReceivedRow row) {
      reporters.add(reporter(report));
      authors.add(row.getHeaderFrom());
      dispositions.merge(row.getDisposition(), row.getMessages(), Long::sum);
      messages += row.getMessages();
      passed += row.getDkim() || row.getSpf() ? row.getMessages() : 0;
      dkim += row.getDkim() ? row.getMessages() : 0;
      spf += row.getSpf() ? row.getMessages() : 0;
      begin = Math.min(begin, report.getBegin());
      end = Math.max(end, report.getEnd());
    }

    Source view() {
      return new Source(
          source,
          messages,
          passed,
          dkim,
          spf,
          dispositions,
          List.copyOf(authors),
          List.copyOf(reporters),
          time(begin),
          time(end));
    }
  }

  /**
   * @param missing messages of which reports say no more than how many
   */
  public record Domain(
      String domain,
      int reports,
      List<String> reporters,
      String begin,
      String end,
      long missing,
      List<Source> sources) {}

  /**
   * @param source an address
   * @param passed messages that pass DMARC: by DKIM, SPF or both
   * @param dkim messages that do by DKIM
   * @param spf messages that do by SPF
   * @param dispositions messages by what became of them
   * @param from domains in From
   */
  public record Source(
      String source,
      long messages,
      long passed,
      long dkim,
      long spf,
      Map<String, Long> dispositions,
      List<String> from,
      List<String> reporters,
      String begin,
      String end) {}
}
