package hikyaku.server.smtpclient;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.dns.Tlsa;
import hikyaku.server.mtasts.StsPolicies;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.X509ExtendedTrustManager;

/** The client in a small world of a test's own: who is where, and who is trusted. */
final class Outward implements Names {
  private static final Duration LONG = Duration.ofSeconds(60);

  static final ClientSettings SETTINGS =
      new ClientSettings(LONG, LONG, LONG, LONG, LONG, List.of(), true);

  private final Map<String, List<InetAddress>> hosts = new HashMap<>();
  private X509ExtendedTrustManager trusted = TlsMeans.machine();
  private SmtpClient.Password password = _ -> null;
  private int port = 25;

  /** A host, which is the only server of the domain of its name too. */
  Outward with(String host, String... addresses) {
    hosts.put(host, Stream.of(addresses).map(InetAddress::ofLiteral).toList());
    return this;
  }

  Outward trusting(X509ExtendedTrustManager who) {
    trusted = who;
    return this;
  }

  Outward password(SmtpClient.Password of) {
    password = of;
    return this;
  }

  /** Where servers listen that are found by DNS. */
  Outward port(int where) {
    port = where;
    return this;
  }

  SmtpClient client() {
    return new SmtpClient(
        "us.test",
        Set.of(),
        port,
        SETTINGS,
        this,
        password,
        new TlsMeans(_ -> StsPolicies.Found.NOTHING, trusted, _ -> {}));
  }

  SmtpClient.Result send(Route route, Letter letter) throws UnreachableException {
    try (SmtpClient.Session session = client().session(route)) {
      SmtpClient.Result result = session.send(letter, () -> true);
      session.end();
      return result;
    }
  }

  /** The status of a message to a domain, whoever said it. */
  String status(String domain) {
    return status(new Route.Exchange(domain));
  }

  String status(Route route) {
    try {
      return send(route, letter("x\r\n", "a")).verdicts().getFirst().status();
    } catch (UnreachableException e) {
      return e.verdict().status();
    }
  }

  static Route relay(String url) {
    return new Route.Named(Relay.parse(url));
  }

  /** To names of {@code there.test}. */
  static Letter letter(String octets, String... to) {
    return letter(
        new MailParameters((long) octets.length(), null, false, null, null, null, false),
        octets,
        Stream.of(to)
            .map(name ->
                new Letter.To(
                    new Mailbox(new MailAddress(name, "there.test")), RcptParameters.NONE))
            .toList());
  }

  /**
   * @param octets one a character
   */
  static Letter letter(MailParameters parameters, String octets, List<Letter.To> to) {
    byte[] content = octets.getBytes(ISO_8859_1);
    boolean eightBit = octets.chars().anyMatch(c -> c > 127);
    return new Letter(
        new Mailbox(new MailAddress("me", "us.test")),
        parameters,
        null,
        eightBit,
        false,
        to,
        sink -> {
          // In pieces, as what is stored comes.
          for (int i = 0; i < content.length; i += 3) {
            sink.write(content, i, Math.min(3, content.length - i));
          }
        });
  }

  static List<Verdict.Kind> kinds(SmtpClient.Result result) {
    return result.verdicts().stream().map(Verdict::kind).toList();
  }

  // ---- its DNS

  @Override
  public Exchanges exchanges(String domain) {
    return new Exchanges(
        hosts.containsKey(domain)
            ? Optional.of(new ArrayList<>(List.of(new Mx(10, domain))))
            : Optional.empty(),
        false);
  }

  @Override
  public Addresses addresses(String host) {
    return new Addresses(hosts.getOrDefault(host, List.of()), false);
  }

  @Override
  public List<Tlsa> tlsa(String host, int at) {
    throw new AssertionError("nobody vouches for this zone");
  }
}
