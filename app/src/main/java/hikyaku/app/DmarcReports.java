package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.app.config.Housekeeping;
import hikyaku.server.dkim.Signer;
import hikyaku.server.dmarc.DmarcReportSettings;
import hikyaku.server.dmarc.DmarcReporter;
import hikyaku.server.dmarc.DmarcResults;
import hikyaku.server.dmarc.ReportInbox;
import hikyaku.server.dns.Dns;
import hikyaku.server.reports.ReportMail;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reports of DMARC on a node.
 *
 * @param results counts; nothing if nobody is told
 * @param reporter tells others
 * @param inbox reads what others tell; nothing if there is no address for it
 */
record DmarcReports(
    Optional<DmarcResults> results,
    Optional<DmarcReporter> reporter,
    Optional<ReportInbox> inbox,
    InstantSource clock) {

  /** Counts and takes in from now on; {@link #start} begins to send. */
  static DmarcReports of(Core core, Dns dns, Signer signer, MeterRegistry meters) {
    Configuration configuration = core.configuration();
    DmarcReportSettings settings = configuration.dmarcReports();
    Optional<ReportInbox> inbox =
        settings.address().isEmpty() ? Optional.empty() : Optional.of(inbox(core, meters));
    if (!settings.enabled()) {
      return new DmarcReports(Optional.empty(), Optional.empty(), inbox, core.clock());
    }
    ReportMail letters =
        DmarcReporter.letters(configuration.hostname(), settings, core.mail(), signer);
    DmarcResults results =
        new DmarcResults(
            core.store().logs(), core.clock(), List.of(letters.contact(), settings.address()));
    results.open();
    DmarcReporter reporter =
        new DmarcReporter(
            letters, results, core.mail(), dns, configuration.node().name(), meters, core.clock());
    return new DmarcReports(Optional.of(results), Optional.of(reporter), inbox, core.clock());
  }

  private static ReportInbox inbox(Core core, MeterRegistry meters) {
    DmarcReportSettings settings = core.configuration().dmarcReports();
    ReportInbox inbox =
        new ReportInbox(
            settings.address(),
            settings.keep(),
            core.mail(),
            core.received(),
            domain -> ours(core, domain),
            meters);
    inbox.open();
    return inbox;
  }

  /** The domain here that a domain is, or is below; empty for none. */
  private static String ours(Core core, String domain) {
    String name = domain;
    while (core.directory().domain(name).isEmpty()) {
      int dot = name.indexOf('.');
      if (dot < 0) {
        return "";
      }
      name = name.substring(dot + 1);
    }
    return name;
  }

  /**
   * A thread of its own: it asks DNS about many domains, which must not keep housekeeping waiting.
   */
  AutoCloseable start(Housekeeping settings) {
    List<hikyaku.server.ops.Housekeeping.Task> tasks = new ArrayList<>();
    reporter.ifPresent(sender ->
        tasks.add(
            new hikyaku.server.ops.Housekeeping.Task(
                "report DMARC", settings.compactEvery(), sender::send)));
    inbox.ifPresent(reader ->
        tasks.add(
            new hikyaku.server.ops.Housekeeping.Task(
                "read reports of DMARC",
                settings.compactEvery(),
                () -> reader.tidy(clock.instant()))));
    var thread = new hikyaku.server.ops.Housekeeping(tasks);
    return () -> {
      reporter.ifPresent(DmarcReporter::close);
      thread.close();
    };
  }
}
