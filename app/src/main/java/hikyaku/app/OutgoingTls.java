package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.mailbox.store.LogStore;
import hikyaku.server.dns.CachingDns;
import hikyaku.server.mtasts.HttpsPolicyHost;
import hikyaku.server.mtasts.StsPolicies;
import hikyaku.server.mtasts.StsSettings;
import hikyaku.server.ops.TlsOperations;
import hikyaku.server.smtpclient.DnsNames;
import hikyaku.server.smtpclient.PasswordFile;
import hikyaku.server.smtpclient.Route;
import hikyaku.server.smtpclient.SmtpClient;
import hikyaku.server.smtpclient.TlsMeans;
import hikyaku.server.smtpclient.TlsObserver;
import hikyaku.server.tlsrpt.HttpsReports;
import hikyaku.server.tlsrpt.TlsReportSettings;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.Set;
import javax.net.ssl.SSLContext;

/** Puts together what hands mail over to other servers. */
final class OutgoingTls {
  private OutgoingTls() {}

  static HttpsPolicyHost policyHost(StsSettings settings) {
    return new HttpsPolicyHost(settings, machine());
  }

  static HttpsReports reports(TlsReportSettings settings) {
    return new HttpsReports(settings, machine());
  }

  /** Whom this machine trusts. */
  private static SSLContext machine() {
    try {
      return SSLContext.getDefault();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no TLS", e);
    }
  }

  static SmtpClient client(
      Configuration configuration, CachingDns dns, StsPolicies policies, TlsObserver observer) {
    return new SmtpClient(
        configuration.hostname(),
        Set.of(configuration.node().address()),
        SmtpClient.PORT,
        configuration.queue().client(),
        new DnsNames(dns),
        new PasswordFile(configuration.queue().passwords()),
        new TlsMeans(policies::find, TlsMeans.machine(), observer));
  }

  /** Looks at what there is for a domain with eyes that have not seen anything yet. */
  static TlsOperations.Known look(
      Configuration configuration, LogStore logs, String domain, InstantSource clock) {
    CachingDns dns = new CachingDns(configuration.dns());
    try (HttpsPolicyHost host = policyHost(configuration.mtaSts())) {
      StsPolicies policies = new StsPolicies(dns, host, logs, configuration.mtaSts(), clock);
      Route route = configuration.queue().route(domain);
      StsPolicies.Found found =
          route instanceof Route.Exchange(String name)
              ? policies.find(name)
              : StsPolicies.Found.NOTHING;
      SmtpClient client = client(configuration, dns, policies, _ -> {});
      return new TlsOperations.Known(route.toString(), found, client.survey(route));
    }
  }
}
