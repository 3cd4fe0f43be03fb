package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.app.config.Housekeeping;
import hikyaku.server.dkim.Signer;
import hikyaku.server.dmarc.DmarcReporter;
import hikyaku.server.dmarc.DmarcResults;
import hikyaku.server.dns.Dns;
import hikyaku.server.reports.ReportMail;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Set;

/** Reports of DMARC on a node: what counts, and what sends. */
record DmarcReports(DmarcResults results, DmarcReporter reporter) {

  /** Counts from now on; {@link #start} begins to send. */
  static DmarcReports of(Core core, Dns dns, Signer signer, MeterRegistry meters) {
    Configuration configuration = core.configuration();
    ReportMail letters =
        DmarcReporter.letters(
            configuration.hostname(), configuration.dmarcReports(), core.mail(), signer);
    DmarcResults results =
        new DmarcResults(core.store().logs(), core.clock(), Set.of(letters.contact()));
    results.open();
    return new DmarcReports(
        results,
        new DmarcReporter(
            letters, results, core.mail(), dns, configuration.node().name(), meters, core.clock()));
  }

  /**
   * A thread of its own: it asks DNS about many domains, which must not keep housekeeping waiting.
   */
  AutoCloseable start(Housekeeping settings) {
    var task =
        new hikyaku.server.ops.Housekeeping.Task(
            "report DMARC", settings.compactEvery(), reporter::send);
    var thread = new hikyaku.server.ops.Housekeeping(List.of(task));
    return () -> {
      reporter.close();
      thread.close();
    };
  }
}
