package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.app.config.Listen;
import hikyaku.server.published.Plan;
import hikyaku.server.queue.QueueSettings;
import hikyaku.server.smtpclient.Relay;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a configuration says of a server that the world has to know. */
final class Publication {
  private Publication() {}

  /**
   * What domains should publish.
   *
   * @param hosts where mail and clients come to; this host if not given
   */
  static Plan plan(Configuration configuration, Optional<List<String>> hosts) {
    QueueSettings queue = configuration.queue();
    return new Plan(
        hosts.orElse(List.of(configuration.hostname())),
        services(configuration.listen()),
        queue.relay().map(Relay::bareHost).stream().toList(),
        configuration.dmarcReports().address());
  }

  /** Those that RFC 8314 wants found, and ManageSieve, each if it is served. */
  private static List<Plan.Service> services(Listen listen) {
    List<Plan.Service> services = new ArrayList<>();
    add(services, "submissions", listen.submissions(), 465);
    add(services, "submission", listen.submission(), 587);
    add(services, "imaps", listen.imaps(), 993);
    add(services, "pop3s", listen.pop3s(), 995);
    add(services, "sieve", listen.managesieve(), 4190);
    return services;
  }

  /** A port that nobody set is published as the standard one: what stands before us forwards it. */
  private static void add(
      List<Plan.Service> services, String name, Listen.Listener listener, int standard) {
    if (listener.enabled()) {
      services.add(new Plan.Service(name, listener.port().orElse(standard)));
    }
  }
}
