package hikyaku.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Postfix before Dovecot, with directories, ports and processes of their own, set up as a small
 * provider would: mail in Maildirs, delivered by LMTP, logins by long-lived processes. Their limits
 * are lifted where they would stand in the way of a load from one address, and Dovecot synchronizes
 * what it says it has, as Postfix does of itself. Needs root: both start as it.
 */
final class PostfixDovecot implements AutoCloseable {
  private static final String DOVECOT = "/usr/sbin/dovecot";
  private static final String POSTFIX = "/usr/sbin/postfix";
  private static final String DOMAIN = "bench.test";

  /** Of Postfix's queue, where mail is that was accepted and not delivered. */
  private static final List<String> WAITING = List.of("maildrop", "incoming", "active", "deferred");

  private static final long PATIENCE = TimeUnit.MINUTES.toNanos(10);

  private static final String DOVECOT_CONFIGURATION =
      """
      base_dir = @DIR@/run
      state_dir = @DIR@/run
      log_path = @DIR@/dovecot.log
      protocols = imap pop3 lmtp
      listen = 127.0.0.1
      ssl = yes
      ssl_cert = <@CERT@
      ssl_key = <@KEY@
      disable_plaintext_auth = no
      auth_mechanisms = plain login
      auth_cache_size = 10M
      mail_location = maildir:@DIR@/mail/%u
      mail_uid = mail
      mail_gid = mail
      first_valid_uid = 1
      first_valid_gid = 1
      mail_fsync = @FSYNC@
      namespace inbox {
        inbox = yes
        mailbox Sent {
          auto = create
        }
      }
      mail_max_userip_connections = 20000
      default_process_limit = 20000
      default_client_limit = 20000
      default_vsz_limit = 4G
      passdb {
        driver = passwd-file
        args = scheme=PLAIN username_format=%u @DIR@/users
      }
      userdb {
        driver = static
        args = uid=mail gid=mail home=@DIR@/mail/%u allow_all_users=yes
      }
      service imap-login {
        service_count = 0
        process_min_avail = 2
        inet_listener imap {
          port = @IMAP@
        }
        inet_listener imaps {
          port = @IMAPS@
          ssl = yes
        }
      }
      service imap {
        service_count = 100
        process_limit = 20000
      }
      service pop3-login {
        service_count = 0
        process_min_avail = 2
        inet_listener pop3 {
          port = @POP3@
        }
        inet_listener pop3s {
          port = 0
        }
      }
      service pop3 {
        service_count = 100
        process_limit = 2000
      }
      service lmtp {
        process_limit = 500
        inet_listener lmtp {
          address = 127.0.0.1
          port = @LMTP@
        }
      }
      """;

  private static final String MAIN_CF =
      """
      compatibility_level = 3.6
      maillog_file = @DIR@/postfix/log/postfix.log
      maillog_file_prefixes = @DIR@/postfix
      queue_directory = @DIR@/postfix/queue
      data_directory = @DIR@/postfix/data
      command_directory = /usr/sbin
      daemon_directory = /usr/lib/postfix/sbin
      mail_owner = postfix
      setgid_group = postdrop
      myhostname = mail.@DOMAIN@
      mydestination =
      mynetworks = 127.0.0.0/8
      inet_interfaces = 127.0.0.1
      inet_protocols = ipv4
      virtual_mailbox_domains = @DOMAIN@
      virtual_mailbox_maps = static:all
      virtual_transport = lmtp:inet:127.0.0.1:@LMTP@
      alias_maps =
      local_recipient_maps =
      smtpd_peername_lookup = no
      smtpd_client_connection_count_limit = 0
      smtpd_client_connection_rate_limit = 0
      smtpd_client_event_limit_exceptions = 127.0.0.0/8
      default_process_limit = 600
      message_size_limit = 100000000
      mailbox_size_limit = 0
      smtpd_tls_cert_file = @CERT@
      smtpd_tls_key_file = @KEY@
      smtpd_tls_security_level = may
      """;

  private static final String MASTER_CF =
      """
      127.0.0.1:@SMTP@ inet n - n - 600 smtpd
      pickup unix n - n 60 1 pickup
      cleanup unix n - n - 0 cleanup
      qmgr unix n - n 300 1 qmgr
      tlsmgr unix - - n 1000? 1 tlsmgr
      rewrite unix - - n - - trivial-rewrite
      bounce unix - - n - 0 bounce
      defer unix - - n - 0 bounce
      trace unix - - n - 0 bounce
      verify unix - - n - 1 verify
      flush unix n - n 1000? 0 flush
      proxymap unix - - n - - proxymap
      smtp unix - - n - - smtp
      relay unix - - n - - smtp
      showq unix n - n - - showq
      error unix - - n - - error
      retry unix - - n - - error
      discard unix - - n - - discard
      local unix - n n - - local
      virtual unix - n n - - virtual
      lmtp unix - - n - - lmtp
      anvil unix - - n - 1 anvil
      scache unix - - n - 1 scache
      postlog unix-dgram n - n - 1 postlogd
      """;

  private final Path directory;
  private final Target target;
  private final double secondsToStart;

  private PostfixDovecot(Path directory, Target target, double secondsToStart) {
    this.directory = directory;
    this.target = target;
    this.secondsToStart = secondsToStart;
  }

  /** What is missing of the programs; empty if nothing is. */
  static List<String> missing() {
    List<String> missing = new ArrayList<>();
    if (!Files.isExecutable(Path.of(DOVECOT))) {
      missing.add("dovecot-imapd");
    }
    if (!Files.isExecutable(Path.of("/usr/lib/dovecot/pop3"))) {
      missing.add("dovecot-pop3d");
    }
    if (!Files.isExecutable(Path.of("/usr/lib/dovecot/lmtp"))) {
      missing.add("dovecot-lmtpd");
    }
    if (!Files.isExecutable(Path.of(POSTFIX))) {
      missing.add("postfix");
    }
    return missing;
  }

  /**
   * Starts both.
   *
   * @param fsync Dovecot's {@code mail_fsync}
   */
  static PostfixDovecot start(Path directory, List<String> users, String password, String fsync)
      throws IOException, InterruptedException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    int[] ports = Node.freePorts(5);
    Target target =
        new Target(
            "127.0.0.1", ports[0], ports[1], ports[2], ports[3], ports[4], users, password, 0);
    Certificate certificate = Certificate.in(directory);
    configure(directory, target, certificate, fsync);
    long began = System.nanoTime();
    run(directory, DOVECOT, "-c", directory.resolve("dovecot.conf").toString());
    run(directory, POSTFIX, "-c", directory.resolve("postfix/etc").toString(), "start");
    PostfixDovecot started =
        new PostfixDovecot(directory, target, (System.nanoTime() - began) / 1e9);
    try {
      awaitGreeting(target.imap(), "* OK");
      awaitGreeting(target.smtp(), "220");
      return new PostfixDovecot(directory, target, (System.nanoTime() - began) / 1e9);
    } catch (IOException | InterruptedException | RuntimeException e) {
      started.close();
      throw e;
    }
  }

  private static void configure(
      Path directory, Target target, Certificate certificate, String fsync)
      throws IOException, InterruptedException {
    Path postfix = directory.resolve("postfix");
    for (String each : List.of("etc", "queue", "data", "log")) {
      Files.createDirectories(postfix.resolve(each));
    }
    Files.createDirectories(directory.resolve("mail"));
    Files.writeString(
        directory.resolve("dovecot.conf"),
        filled(DOVECOT_CONFIGURATION.replace("@FSYNC@", fsync), directory, target, certificate));
    Files.writeString(
        postfix.resolve("etc/main.cf"), filled(MAIN_CF, directory, target, certificate));
    Files.writeString(
        postfix.resolve("etc/master.cf"), filled(MASTER_CF, directory, target, certificate));
    StringBuilder users = new StringBuilder();
    for (String user : target.users()) {
      users.append(user).append(":{PLAIN}").append(target.password()).append('\n');
    }
    Files.writeString(directory.resolve("users"), users);
    run(directory, "chown", "mail:mail", directory.resolve("mail").toString());
    run(directory, "chown", "postfix", postfix.resolve("data").toString());
  }

  private static String filled(
      String text, Path directory, Target target, Certificate certificate) {
    return text.replace("@DIR@", directory.toString())
        .replace("@DOMAIN@", DOMAIN)
        .replace("@CERT@", certificate.chain().toString())
        .replace("@KEY@", certificate.key().toString())
        .replace("@SMTP@", Integer.toString(target.smtp()))
        .replace("@LMTP@", Integer.toString(target.lmtp()))
        .replace("@IMAP@", Integer.toString(target.imap()))
        .replace("@IMAPS@", Integer.toString(target.imaps()))
        .replace("@POP3@", Integer.toString(target.pop3()));
  }

  private static void run(Path directory, String... command)
      throws IOException, InterruptedException {
    Path said = directory.resolve("said");
    // To a file: what stays behind as a daemon would hold a pipe open.
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    if (process.waitFor() != 0) {
      throw new IOException(Arrays.toString(command) + ": " + Files.readString(said));
    }
  }

  private static void awaitGreeting(int port, String greeting)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (System.nanoTime() < end) {
      try (Client client = Client.plain("127.0.0.1", port)) {
        if (client.line().startsWith(greeting)) {
          return;
        }
      } catch (java.net.ConnectException | java.io.EOFException e) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
    }
    throw new IOException("nothing said " + greeting + " on port " + port + " in half a minute");
  }

  Target target() {
    return target;
  }

  /** From nothing to both greetings. */
  double secondsToStart() {
    return secondsToStart;
  }

  /** Waits until all mail that Postfix has accepted is delivered. */
  void settle() throws IOException, InterruptedException {
    Path queue = directory.resolve("postfix/queue");
    long end = System.nanoTime() + PATIENCE;
    while (true) {
      long waiting = 0;
      for (String part : WAITING) {
        waiting += files(queue.resolve(part));
      }
      if (waiting == 0) {
        return;
      }
      if (System.nanoTime() > end) {
        throw new IOException(waiting + " messages have waited in Postfix's queue for too long");
      }
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  private static long files(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return 0;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).count();
    } catch (java.io.UncheckedIOException e) {
      // Something went while it was looked at: so something was there.
      return 1;
    }
  }

  /** All their processes. */
  List<Long> processes() throws IOException {
    List<Long> all = new ArrayList<>();
    for (long master : masters()) {
      ProcessHandle.of(master)
          .ifPresent(handle -> {
            all.add(master);
            handle.descendants().map(ProcessHandle::pid).forEach(all::add);
          });
    }
    return all;
  }

  private List<Long> masters() throws IOException {
    List<Long> masters = new ArrayList<>();
    for (String file : List.of("run/master.pid", "postfix/queue/pid/master.pid")) {
      Path path = directory.resolve(file);
      if (Files.exists(path)) {
        masters.add(Long.parseLong(Files.readString(path, StandardCharsets.US_ASCII).strip()));
      }
    }
    return masters;
  }

  /** Octets of disk that mail takes, in whole blocks. */
  long mailOctets() throws IOException, InterruptedException {
    Process du =
        new ProcessBuilder("du", "-s", "-B1", directory.resolve("mail").toString()).start();
    String said = new String(du.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    if (du.waitFor() != 0) {
      throw new IOException("du: " + said);
    }
    return Long.parseLong(said.substring(0, said.indexOf('\t')));
  }

  @Override
  public void close() throws IOException {
    List<ProcessHandle> left =
        masters().stream().flatMap(pid -> ProcessHandle.of(pid).stream()).toList();
    left.forEach(ProcessHandle::destroy);
    try {
      for (ProcessHandle master : left) {
        if (!master.onExit().orTimeout(30, TimeUnit.SECONDS).handle((_, e) -> e == null).join()) {
          master.destroyForcibly();
        }
      }
    } finally {
      Node.delete(directory);
    }
  }
}
