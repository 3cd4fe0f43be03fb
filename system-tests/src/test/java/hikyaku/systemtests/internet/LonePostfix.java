package hikyaku.systemtests.internet;

import hikyaku.fixtures.Machine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A Postfix on this machine's loopback that knows the addresses of the transcripts of SMTP, and
 * gives what it has accepted to one transport. It asks no DNS and calls nobody. What is not set
 * here is as Postfix has it.
 */
public final class LonePostfix implements AutoCloseable {
  private static final String NAME = "mx.demo.test";

  private static final String MAIN =
      """
      compatibility_level = 3.6
      maillog_file = /dev/stdout
      myhostname = %1$s
      mydestination =
      mynetworks =
      alias_maps =
      alias_database =
      inet_interfaces = 127.0.0.1
      inet_protocols = ipv4
      recipient_delimiter = +
      virtual_mailbox_domains = demo.test catch.test
      virtual_mailbox_maps = texthash:/etc/postfix/boxes
      virtual_alias_maps = texthash:/etc/postfix/aliases
      virtual_transport = %3$s
      default_transport = discard
      message_size_limit = 52428800
      smtpd_helo_required = yes
      smtpd_peername_lookup = no
      smtpd_error_sleep_time = 0
      smtpd_tls_chain_files = /etc/tls/key, /etc/tls/certificate
      smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
      smtpd_sender_login_maps = texthash:/etc/postfix/senders
      smtpd_hard_error_limit = 100
      smtpd_sasl_type = dovecot
      smtpd_sasl_mechanism_filter = plain
      smtpd_sasl_path = inet:%2$s
      """;

  private static final String SUBMISSION =
      """
        -o smtpd_sasl_auth_enable=yes
        -o smtpd_delay_reject=no
        -o smtpd_sender_restrictions=reject_sender_login_mismatch,permit_sasl_authenticated,reject
      """;

  private static final String TLS = "  -o smtpd_tls_security_level=may\n";

  /**
   * Faces of transcripts that have low limits, as those of our tests are. What it writes into a
   * message itself counts among the hops there, and the last that is counted is refused already.
   */
  private static final Map<String, String> LIMITED =
      Map.of(
          "errors", "  -o smtpd_hard_error_limit=3\n",
          "limits", "  -o message_size_limit=20 -o smtpd_recipient_limit=2\n",
          "hops", "  -o cleanup_service_name=hopping\n");

  private static final String SERVICES =
      """
      cleanup unix n - n - 0 cleanup
      hopping unix n - n - 0 cleanup -o hopcount_limit=4
      qmgr unix n - n 300 1 qmgr
      tlsmgr unix - - n 1000? 1 tlsmgr
      rewrite unix - - n - - trivial-rewrite
      bounce unix - - n - 0 bounce
      defer unix - - n - 0 bounce
      trace unix - - n - 0 bounce
      proxymap unix - - n - - proxymap
      error unix - - n - - error
      retry unix - - n - - error
      discard unix - - n - - discard
      lmtp unix - - n - - lmtp
      anvil unix - - n - 1 anvil
      postlog unix-dgram n - n - 1 postlogd
      """;

  private static final String BOXES =
      """
      u1@demo.test x
      u2@demo.test x
      u3@demo.test x
      small@demo.test x
      postmaster@demo.test x
      """;

  private static final String ALIASES =
      """
      info@demo.test u1@demo.test,u2@demo.test
      team@demo.test u1@demo.test,u2@demo.test,small@demo.test
      @catch.test u3@demo.test
      """;

  /** Who is logged in is called by the name and the address that the login was at. */
  private static final String SENDERS =
      """
      u1@demo.test u1@127.0.0.1
      info@demo.test u1@127.0.0.1
      u2@demo.test u2@127.0.0.1
      """;

  private final Map<String, Integer> ports = new TreeMap<>();
  private final Process process;
  private final Path log;

  /** Why there can be none here; empty if there can. */
  public static String hindrance() throws InterruptedException {
    return "root".equals(System.getProperty("user.name")) ? Host.hindrance() : "it needs root";
  }

  /**
   * Starts one.
   *
   * @param programs where Debian's packages are unpacked
   * @param sasl where a Dovecot says who may log in
   * @param transport where mail for its own users goes, {@code discard} to throw it away
   */
  public LonePostfix(Path directory, Path programs, InetSocketAddress sasl, String transport)
      throws IOException, InterruptedException {
    Authority authority = new Authority(Files.createDirectories(directory.resolve("authority")));
    authority.certify(NAME);
    Host host =
        Host.here(Files.createDirectories(directory.resolve("host")), programs.resolve("postfix"));
    host.etc("tls/key", Files.readString(authority.key(NAME)));
    host.etc("tls/certificate", Files.readString(authority.certificate(NAME)));
    host.etc(
        "postfix/main.cf",
        MAIN.formatted(NAME, sasl.getAddress().getHostAddress() + ":" + sasl.getPort(), transport));
    StringBuilder services = new StringBuilder();
    Iterator<Integer> free = Machine.freePorts(4 + LIMITED.size()).iterator();
    for (String face : List.of("mx", "submission")) {
      for (boolean tls : List.of(false, true)) {
        int port = free.next();
        ports.put(face + tls, port);
        services.append("127.0.0.1:").append(port).append(" inet n - n - - smtpd\n");
        services.append(face.equals("mx") ? "" : SUBMISSION).append(tls ? TLS : "");
      }
    }
    for (Map.Entry<String, String> limited : LIMITED.entrySet()) {
      int port = free.next();
      ports.put(limited.getKey() + false, port);
      services.append("127.0.0.1:").append(port).append(" inet n - n - - smtpd\n");
      services.append(limited.getValue());
    }
    host.etc("postfix/master.cf", services + SERVICES);
    host.etc("postfix/boxes", BOXES);
    host.etc("postfix/aliases", ALIASES);
    host.etc("postfix/senders", SENDERS);
    Files.createDirectories(host.var("spool/postfix"));
    Files.createDirectories(host.var("lib/postfix"));
    host.run("chown", "postfix", "/var/lib/postfix");
    log = host.log();
    process = host.launch("postfix", "start-fg");
  }

  /** Where a face of it is, {@code mx} or {@code submission}, for a transcript. */
  public InetSocketAddress at(String transcript, String face, boolean tls) {
    return at(LIMITED.containsKey(transcript) ? transcript : face, tls);
  }

  /** Where a face of it is, {@code mx} or {@code submission}. */
  public InetSocketAddress at(String face, boolean tls) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), ports.get(face + tls));
  }

  /** What it has said of itself. */
  public String log() throws IOException {
    return Files.readString(log);
  }

  @Override
  public void close() throws InterruptedException {
    // Its first process has a shell above it, which waits for its end.
    process.descendants().toList().forEach(ProcessHandle::destroy);
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
