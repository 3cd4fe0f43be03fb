package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.app.config.Listen;
import hikyaku.server.cluster.Member;
import hikyaku.server.mtasts.OwnPolicies;
import hikyaku.server.published.Plan;
import hikyaku.server.queue.QueueSettings;
import hikyaku.server.smtpclient.Relay;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a configuration says of a server that the world has to know. */
final class Publication {
  private static final Logger LOG = LoggerFactory.getLogger(Publication.class);

  private Publication() {}

  /**
   * What domains should publish.
   *
   * @param hosts where mail and clients come to; this host if not given
   * @param nodes all that share the store; each may send mail from addresses of its own
   * @param policies what domains here demand of whoever sends them mail
   * @param selfSigned where a certificate of our own making is
   */
  static Plan plan(
      Configuration configuration,
      Optional<List<String>> hosts,
      List<Member> nodes,
      OwnPolicies policies,
      Path selfSigned,
      InstantSource clock) {
    QueueSettings queue = configuration.queue();
    return new Plan(
        hosts.orElse(List.of(configuration.hostname())),
        services(configuration.listen()),
        sources(queue.client().used(), others(configuration.node().name(), nodes)),
        domain -> queue.relaysOf(domain).stream().map(Relay::bareHost).distinct().toList(),
        configuration.dmarcReports().address(),
        policies::id,
        host ->
            keyHashes(
                new Certificates(configuration.tls(), selfSigned, configuration.hostname(), clock),
                host));
  }

  /** What this node told when it began may no longer be what is set. */
  private static List<Member> others(String own, List<Member> nodes) {
    return nodes.stream().filter(node -> !node.name().equals(own)).toList();
  }

  /** Where mail comes from: this node's, and those that others told when they began. */
  static List<InetAddress> sources(List<InetAddress> own, List<Member> nodes) {
    Stream<InetAddress> others =
        nodes.stream()
            .flatMap(node -> node.identity().mailSources().stream())
            .flatMap(Publication::address);
    return Stream.concat(own.stream(), others).distinct().toList();
  }

  /** None for what means something on its own machine alone, as the name of an interface does. */
  private static Stream<InetAddress> address(String literal) {
    try {
      return Stream.of(InetAddress.ofLiteral(literal));
    } catch (IllegalArgumentException none) {
      return Stream.of();
    }
  }

  /** Of the certificates that have this name. What cannot be read, the listeners complain of. */
  private static List<String> keyHashes(Certificates certificates, String host) {
    try {
      List<String> hashes = new ArrayList<>();
      for (Certificates.Found found : certificates.look().found()) {
        int dot = host.indexOf('.');
        Set<String> names = found.credential().names();
        if (names.contains(host) || (dot > 0 && names.contains("*" + host.substring(dot)))) {
          MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
          byte[] key = found.leaf().getPublicKey().getEncoded();
          hashes.add(HexFormat.of().formatHex(sha256.digest(key)));
        }
      }
      return hashes.stream().distinct().toList();
    } catch (IOException e) {
      LOG.atWarn()
          .addKeyValue("cause", Reason.of(e))
          .log("the certificates cannot be read, so no TLSA record is printed");
      return List.of();
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
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
