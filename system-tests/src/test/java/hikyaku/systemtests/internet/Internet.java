package hikyaku.systemtests.internet;

import hikyaku.fixtures.Machine;
import hikyaku.fixtures.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * All machines but for what runs on ours: {@link #ours} has a resolver of its own that validates,
 * and nothing else yet.
 */
public final class Internet implements AutoCloseable {
  /** Our server's name, for which there are an address and a certificate. */
  public static final String OUR_HOST = "mail.hikyaku.example";

  /** The name of another server that is ours, where users are; the same is true for it. */
  public static final String SECOND_HOST = "mail.users.example";

  public static final String POSTFIX = Postfix.NAME;
  public static final String EXIM = Exim.NAME;

  /** A server that takes nothing for whose client SPF does not pass. */
  public static final String CHECKING = "mx.spf.example";

  private static final String OURS = "ours";
  private static final String NAMES = "names";
  private static final String RESOLVER = "resolver";
  private static final String POSTFIX_HOST = "postfix";
  private static final String EXIM_HOST = "exim";
  private static final String SENDMAIL_HOST = "sendmail";
  private static final String WEB = "web";
  private static final String USERS = "users";
  private static final String DEAD = "dead";
  private static final String ELSEWHERE = "elsewhere.example";
  private static final String STS_HOST = "mta-sts.exim.example";
  private static final String STS_HOST_OF_OTHER = "mta-sts.sts.example";

  private static final List<String> POSTFIX_DOMAINS =
      List.of(
          "postfix.example",
          "grey.example",
          "slow.example",
          "mismatch.example",
          "ascii.example",
          "six.example",
          "backup.example",
          "fallback.example",
          "unsigned.example",
          "smart.example",
          "spf.example",
          "login.example",
          "old.example",
          "barred.example",
          "bogus.example",
          "dead.example",
          "null.example");

  private static final List<String> EXIM_DOMAINS = List.of("exim.example", "sts.example");

  /** On which machine mail for a domain is kept, if not on that of Postfix. */
  private static final Map<String, String> KEEPERS =
      Map.of(
          "exim.example",
          EXIM_HOST,
          "sts.example",
          EXIM_HOST,
          Sendmail.DOMAIN,
          SENDMAIL_HOST,
          Priorities.DOMAIN,
          WEB);

  private static final String LOOPBACK = "127.0.0.1";

  private final Path directory;
  private final Network network;
  private final Map<String, Host> hosts = new LinkedHashMap<>();
  private final Host ownResolver;
  private final Authority authority;
  private final NameServers names;
  private final Path signingKey;
  private Nginx nginx;

  /** Why it cannot be built here; empty if it can. */
  public static String hindrance() throws IOException, InterruptedException {
    String hindrance = Network.hindrance();
    return hindrance.isEmpty() ? Host.hindrance() : hindrance;
  }

  /**
   * @param directory for all that the machines keep
   * @param programs where servers were unpacked, each in a directory of its package's name
   */
  public Internet(Path directory, Path programs)
      throws IOException, InterruptedException, GeneralSecurityException {
    this.directory = directory;
    authority = new Authority(directory.resolve("authority"));
    authority.certify(OUR_HOST);
    authority.certify(SECOND_HOST);
    authority.certify(Sendmail.NAME);
    authority.certify(POSTFIX, CHECKING);
    authority.certify(EXIM);
    authority.certify(ELSEWHERE);
    authority.certify(STS_HOST, STS_HOST_OF_OTHER);
    authority.certify(Nginx.NAME);
    signingKey = directory.resolve("signing-key");
    String signing = Exim.key(signingKey);
    network =
        new Network(
            List.of(
                OURS, NAMES, RESOLVER, POSTFIX_HOST, EXIM_HOST, SENDMAIL_HOST, WEB, USERS, DEAD));
    try {
      String resolver = network.address(RESOLVER);
      hosts.put(OURS, Host.plain(network, OURS, directory.resolve(OURS), LOOPBACK));
      Path beside = directory.resolve("ours-resolver");
      ownResolver = Host.server(network, OURS, beside, programs.resolve("unbound"), LOOPBACK);
      add(NAMES, programs.resolve("knot"), resolver);
      add(RESOLVER, programs.resolve("unbound"), LOOPBACK);
      add(POSTFIX_HOST, programs.resolve("postfix"), resolver);
      add(EXIM_HOST, programs.resolve("exim4-daemon-light"), resolver);
      add(SENDMAIL_HOST, programs.resolve("sendmail-bin"), resolver);
      add(WEB, programs.resolve("nginx"), resolver);
      hosts.put(USERS, Host.plain(network, USERS, directory.resolve(USERS), resolver));
      network.drop(List.of(new Network.Drop("*", DEAD, 100)));
      names = new NameServers(hosts.get(NAMES), records(signing));
    } catch (IOException | InterruptedException | GeneralSecurityException | RuntimeException e) {
      network.close();
      throw e;
    }
  }

  private void add(String name, Path programs, String resolver) throws IOException {
    hosts.put(name, Host.server(network, name, directory.resolve(name), programs, resolver));
  }

  /** An address beside the first one of a machine. */
  private String another(String name, int number) {
    return network.address(name) + number;
  }

  private static String six(int number) {
    return "fd77::" + number;
  }

  private Map<String, String> records(String signing) throws IOException, GeneralSecurityException {
    Map<String, String> records = new LinkedHashMap<>();
    StringBuilder reverse = new StringBuilder();
    Map<String, String> pointers =
        Map.of(OURS, OUR_HOST, POSTFIX_HOST, POSTFIX, EXIM_HOST, EXIM, USERS, SECOND_HOST);
    pointers.forEach((host, name) ->
        reverse
            .append(network.address(host).replaceAll("(.*)\\.(.*)\\.(.*)\\.(.*)", "$4.$3.$2.$1"))
            .append(".in-addr.arpa. PTR ")
            .append(name)
            .append(".\n"));
    records.put("root", reverse.toString());
    String postfix = network.address(POSTFIX_HOST);
    String exim = network.address(EXIM_HOST);
    records.put(
        "example",
        """
        mail.hikyaku A %1$s
        mail.users A %2$s
        mail.users TXT "v=spf1 a -all"

        postfix MX 10 mx.postfix
        postfix TXT "v=spf1 mx -all"
        mx.postfix A %3$s
        mx.postfix TXT "v=spf1 a -all"
        _25._tcp.mx.postfix TLSA %4$s

        exim MX 10 mx.exim
        exim TXT "v=spf1 mx -all"
        mx.exim A %5$s
        mx.exim TXT "v=spf1 a -all"
        %6$s._domainkey.exim TXT %7$s
        _dmarc.exim TXT "v=DMARC1; p=reject; rua=mailto:box@exim.example"
        _mta-sts.exim TXT "v=STSv1; id=1"
        mta-sts.exim A %5$s

        grey MX 10 mx.grey
        mx.grey A %8$s
        slow MX 10 mx.slow
        mx.slow A %9$s
        ascii MX 10 mx.ascii
        mx.ascii A %10$s
        six MX 10 mx.six
        mx.six AAAA %11$s
        fallback A %3$s
        smart MX 10 mx.postfix
        spf MX 10 mx.spf
        mx.spf A %16$s
        sendmail MX 10 mx.sendmail
        mx.sendmail A %17$s
        priority MX 10 mx.priority
        mx.priority A %15$s

        dead MX 10 mx.dead
        mx.dead A %12$s
        backup MX 10 mx.dead
        backup MX 20 mx.postfix
        null MX 0 .

        mismatch MX 10 mx.mismatch
        mx.mismatch A %13$s
        _25._tcp.mx.mismatch 1 TLSA %4$s
        sts MX 10 mx.sts
        mx.sts A %14$s
        _mta-sts.sts TXT "v=STSv1; id=1"
        mta-sts.sts A %5$s

        reports A %15$s
        other-reports A %15$s
        _smtp._tls.sts TXT "v=TLSRPTv1; rua=mailto:box@exim.example"
        _smtp._tls.exim TXT "v=TLSRPTv1; rua=https://reports.example/taken"
        _smtp._tls.postfix TXT "v=TLSRPTv1; rua=https://reports.example/later"
        _smtp._tls.grey TXT "v=TLSRPTv1; rua=https://reports.example/moved"
        _smtp._tls.slow TXT "v=TLSRPTv1; rua=https://reports.example/silent"
        _smtp._tls.backup TXT "v=TLSRPTv1; rua=https://reports.example/refused"
        _smtp._tls.fallback TXT "v=TLSRPTv1; rua=https://other-reports.example/taken"
        _smtp._tls.ascii TXT "v=TLSRPTv1; rua=https://reports.example/endless"
        """
            .formatted(
                network.address(OURS),
                network.address(USERS),
                postfix,
                authority.tlsa(POSTFIX),
                exim,
                Exim.SELECTOR,
                signing,
                another(POSTFIX_HOST, 1),
                another(POSTFIX_HOST, 2),
                another(POSTFIX_HOST, 3),
                six(1),
                network.address(DEAD),
                another(POSTFIX_HOST, 4),
                another(EXIM_HOST, 1),
                network.address(WEB),
                another(POSTFIX_HOST, 5),
                network.address(SENDMAIL_HOST)));
    records.put("bogus", "@ MX 10 mx.postfix.example.\n");
    // Nobody vouches for the TLSA record, so that it does not matter that it is wrong.
    records.put(
        "unsigned",
        """
        @ MX 10 mx
        mx A %s
        _25._tcp.mx TLSA %s
        """
            .formatted(postfix, authority.tlsa(ELSEWHERE)));
    return records;
  }

  /** Starts everything. */
  public void start() throws IOException, InterruptedException {
    Host postfix = hosts.get(POSTFIX_HOST);
    Host exim = hosts.get(EXIM_HOST);
    Machine bare = network.machine(POSTFIX_HOST);
    for (int number = 1; number <= 5; number++) {
      address(bare, another(POSTFIX_HOST, number) + "/24");
    }
    address(bare, six(1) + "/64");
    Machine ours = network.machine(OURS);
    address(ours, six(2) + "/64");
    for (String source : sources()) {
      address(ours, source + (source.contains(":") ? "/64" : "/24"));
    }
    address(network.machine(USERS), secondSource() + "/24");
    address(network.machine(EXIM_HOST), another(EXIM_HOST, 1) + "/24");
    String key = names.start();
    names.resolve(ownResolver, Network.subnet(), key);
    names.resolve(hosts.get(RESOLVER), Network.subnet(), key);
    String users = network.address(USERS);
    Postfix.start(
        postfix,
        authority,
        ELSEWHERE,
        new Postfix.Addresses(
            network.address(POSTFIX_HOST),
            another(POSTFIX_HOST, 1),
            another(POSTFIX_HOST, 2),
            another(POSTFIX_HOST, 4),
            another(POSTFIX_HOST, 3),
            another(POSTFIX_HOST, 5),
            six(1)),
        POSTFIX_DOMAINS,
        users);
    Exim.start(exim, authority, ELSEWHERE, another(EXIM_HOST, 1), EXIM_DOMAINS, users, signingKey);
    Sendmail.start(hosts.get(SENDMAIL_HOST), authority);
    Priorities.start(hosts.get(WEB));
    policyHost(exim);
    nginx = Nginx.start(hosts.get(WEB), authority);
  }

  /** The addresses of a machine of our own, without the kernel's check whether another has it. */
  private static void address(Machine machine, String address)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("ip", "address", "add", address, "dev", "eth0"));
    if (address.contains(":")) {
      command.add("nodad");
    }
    machine.run(command);
  }

  /** A web server with one policy, for two domains of which one does not keep to it. */
  private void policyHost(Host host) throws IOException {
    host.var(
        "www/.well-known/mta-sts.txt",
        "version: STSv1\r\nmode: enforce\r\nmx: mx.exim.example\r\nmx: mx.sts.example\r\n"
            + "max_age: 86400\r\n");
    host.launch(
        "sh",
        "-c",
        "cd /var/www && exec openssl s_server -accept 443 -quiet -WWW -cert \"$1\" -key \"$2\"",
        "policies",
        authority.certificate(STS_HOST).toString(),
        authority.key(STS_HOST).toString());
  }

  /** Adds lines to the file of the zone {@code example.}. */
  public void publish(List<String> lines) throws IOException, InterruptedException {
    names.publish(lines);
  }

  /** A line of that zone, with which {@code mismatch.example} is in order. */
  public String rightRecordOfMismatch() throws IOException, GeneralSecurityException {
    return "_25._tcp.mx.mismatch 1 TLSA " + authority.tlsa(ELSEWHERE);
  }

  /** Where our server is to run. */
  public Machine ours() {
    return hosts.get(OURS).machine();
  }

  /**
   * Where our server's mail shall come from: beside its first address, one of IPv4, one of IPv6.
   */
  public List<String> sources() {
    return List.of(another(OURS, 1), six(3));
  }

  /** Where that of our second server shall come from: not from where users' clients run. */
  public String secondSource() {
    return another(USERS, 1);
  }

  /** The servers that send mail on for who logs in, as routes of domains name them. */
  public static Map<String, String> smartHosts() {
    return Map.of(
        "smart.example", "smtp://" + Exim.USER + "@" + EXIM,
        "login.example", "smtp://" + Postfix.USER + "@" + POSTFIX + ":" + Postfix.SUBMISSION,
        "old.example", "smtp://" + Postfix.USER + "@" + POSTFIX + ":" + Postfix.OLD_SUBMISSION,
        "barred.example", "smtp://stranger@" + POSTFIX + ":" + Postfix.SUBMISSION);
  }

  /** What to log in with there, as a file of passwords has it; that of the stranger is wrong. */
  public static String smartHostLogins() {
    return "%s@%s %s\n%s@%s %s\nstranger@%s wrong\n"
        .formatted(
            Exim.USER, EXIM, Exim.PASSWORD, Postfix.USER, POSTFIX, Postfix.PASSWORD, POSTFIX);
  }

  /** Where clients run. */
  public Machine users() {
    return hosts.get(USERS).machine();
  }

  /** The certificate of a server of ours. */
  public Path certificate(String host) {
    return authority.certificate(host);
  }

  public Path key(String host) {
    return authority.key(host);
  }

  /** Whom everybody trusts, as PEM. */
  public Path authority() {
    return authority.certificate();
  }

  /** Options of Java for a program that shall trust the same. */
  public String trust() throws IOException, GeneralSecurityException {
    return "-Djavax.net.ssl.trustStore="
        + authority.store()
        + " -Djavax.net.ssl.trustStorePassword="
        + Authority.STORE_PASSWORD;
  }

  /** What has come for {@code box} and {@code böx} at a domain of others, whole. */
  public List<String> box(String domain) throws IOException {
    Path box = hosts.get(KEEPERS.getOrDefault(domain, POSTFIX_HOST)).var("mail/" + domain + "/new");
    if (!Files.isDirectory(box)) {
      return List.of();
    }
    List<String> messages = new ArrayList<>();
    try (Stream<Path> files = Files.list(box)) {
      for (Path file : files.sorted().toList()) {
        messages.add(Files.readString(file));
      }
    }
    return messages;
  }

  /**
   * The requests to the server that takes reports: method, path, type, status, place of the body.
   */
  public List<String> reports() throws IOException {
    return nginx.requests();
  }

  /** The body of one of them. */
  public byte[] report(String place) throws IOException {
    return nginx.body(place);
  }

  /** From now on it takes those that it would not take before. */
  public void takeReports() throws IOException {
    nginx.open();
  }

  /** What all that runs here has said. */
  public String logs() throws IOException {
    StringBuilder logs = new StringBuilder();
    for (Map.Entry<String, Host> host : hosts.entrySet()) {
      List<Path> files = new ArrayList<>(List.of(host.getValue().log()));
      if (host.getKey().equals(EXIM_HOST)) {
        files.add(host.getValue().var("log/exim4/mainlog"));
        files.add(host.getValue().var("log/exim4/paniclog"));
      } else if (host.getKey().equals(SENDMAIL_HOST)) {
        files.add(host.getValue().var("traffic"));
      } else if (host.getKey().equals(WEB)) {
        files.add(host.getValue().var("nginx/access.log"));
        files.add(host.getValue().var("nginx/error.log"));
      }
      for (Path file : files) {
        if (Files.exists(file)) {
          logs.append("--- ").append(host.getKey()).append('\n').append(Files.readString(file));
        }
      }
    }
    return logs.toString();
  }

  @Override
  public void close() throws IOException, InterruptedException {
    network.close();
  }
}
