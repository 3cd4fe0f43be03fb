package hikyaku.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A Postfix with directories, a port and processes of its own, whose limits are lifted where they
 * would stand in the way of a load from one address. Needs root, as it starts as such.
 */
final class Postfix implements AutoCloseable {
  private static final String POSTFIX = "/usr/sbin/postfix";

  /** Of the queue, where mail is that was accepted and not delivered. */
  private static final List<String> WAITING = List.of("maildrop", "incoming", "active", "deferred");

  private static final long PATIENCE = TimeUnit.MINUTES.toNanos(10);

  private static final String MAIN_CF =
      """
      compatibility_level = 3.6
      maillog_file = @DIR@/log/postfix.log
      maillog_file_prefixes = @DIR@
      queue_directory = @DIR@/queue
      data_directory = @DIR@/data
      command_directory = /usr/sbin
      daemon_directory = /usr/lib/postfix/sbin
      mail_owner = postfix
      setgid_group = postdrop
      myhostname = mail.bench.test
      mynetworks = 127.0.0.0/8
      inet_interfaces = 127.0.0.1
      inet_protocols = ipv4
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
  private final int port;

  private Postfix(Path directory, int port) {
    this.directory = directory;
    this.port = port;
  }

  /** What is missing of the programs; empty if nothing is. */
  static List<String> missing() {
    return Files.isExecutable(Path.of(POSTFIX)) ? List.of() : List.of("postfix");
  }

  /**
   * Starts one, which need not be ready yet.
   *
   * @param directory is made, in one that everybody may look into
   * @param settings more lines of its main.cf
   */
  static Postfix start(Path directory, int port, String settings)
      throws IOException, InterruptedException {
    for (String each : List.of("etc", "queue", "data", "log")) {
      Files.createDirectories(directory.resolve(each));
    }
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Certificate certificate = Certificate.in(directory);
    String main =
        MAIN_CF
            .replace("@DIR@", directory.toString())
            .replace("@CERT@", certificate.chain().toString())
            .replace("@KEY@", certificate.key().toString());
    Files.writeString(directory.resolve("etc/main.cf"), main + settings);
    Files.writeString(
        directory.resolve("etc/master.cf"), MASTER_CF.replace("@SMTP@", Integer.toString(port)));
    run(directory, "chown", "postfix", directory.resolve("data").toString());
    run(directory, POSTFIX, "-c", directory.resolve("etc").toString(), "start");
    return new Postfix(directory, port);
  }

  static void run(Path directory, String... command) throws IOException, InterruptedException {
    Path said = directory.resolve("said");
    // To a file: what stays behind as a daemon would hold a pipe open.
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    if (process.waitFor() != 0) {
      throw new IOException(Arrays.toString(command) + ": " + Files.readString(said));
    }
  }

  static void awaitGreeting(int port, String greeting) throws IOException, InterruptedException {
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

  void awaitGreeting() throws IOException, InterruptedException {
    awaitGreeting(port, "220");
  }

  /** Waits until all mail that Postfix has accepted is delivered. */
  void settle() throws IOException, InterruptedException {
    Path queue = directory.resolve("queue");
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

  /** Where the id of its first process stands. */
  Path masterFile() {
    return directory.resolve("queue/pid/master.pid");
  }

  static long pid(Path file) throws IOException {
    return Long.parseLong(Files.readString(file, StandardCharsets.US_ASCII).strip());
  }

  /** Ends processes, in order if they do so in half a minute. */
  static void end(List<Long> processes) {
    List<ProcessHandle> left =
        processes.stream().flatMap(pid -> ProcessHandle.of(pid).stream()).toList();
    left.forEach(ProcessHandle::destroy);
    for (ProcessHandle each : left) {
      if (!each.onExit().orTimeout(30, TimeUnit.SECONDS).handle((_, e) -> e == null).join()) {
        each.destroyForcibly();
      }
    }
  }

  @Override
  public void close() throws IOException {
    try {
      if (Files.exists(masterFile())) {
        end(List.of(pid(masterFile())));
      }
    } finally {
      Node.delete(directory);
    }
  }
}
