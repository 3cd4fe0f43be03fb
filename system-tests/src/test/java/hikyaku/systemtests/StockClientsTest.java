package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients as people have them, all under TLS by the front, while all nodes are restarted in turn
 * and one is killed after that: none sees an error, none connects anew, all mail arrives.
 */
class StockClientsTest {
  private static final List<String> USERS = List.of("sync", "idle", "mutt", "fetch");
  private static final String PASSWORD = "correct-horse-1";
  private static final int PATIENCE_SECONDS = 300;
  private static final int CALM_SECONDS = 5;

  /** What each client that comes again does at least in each part of the course. */
  private static final int ROUNDS = 3;

  /** Stays if the test fails: what the cluster said may say why. */
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  private LocalCluster cluster;
  private volatile boolean working = true;
  private final AtomicInteger syncs = new AtomicInteger();
  private final AtomicInteger fetches = new AtomicInteger();
  private final AtomicInteger sent = new AtomicInteger();

  private static String address(String user) {
    return user + "@demo.test";
  }

  @Test
  void noticeNothing() throws Exception {
    Ran.in(
            directory,
            Path.of(System.getProperty("hikyaku.root", ".."), "system-tests/install-clients")
                .toAbsolutePath()
                .normalize()
                .toString())
        .ok();
    try (LocalCluster started = new LocalCluster(directory);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      cluster = started;
      cluster.start(3);
      for (String user : USERS) {
        cluster.tell(PASSWORD + "\n", "account", "add", address(user), "--password-stdin").ok();
      }
      configureMbsync();
      configureFetchmail();
      Client smtplib =
          python(
              "keep_sending.py",
              List.of("25"),
              USERS.stream().map(StockClientsTest::address).toList());
      Client imaplib =
          python("stay_in_idle.py", List.of("993"), List.of(address("idle"), PASSWORD));
      Client neomutt = neomutt();
      List<Future<?>> loops =
          List.of(
              threads.submit(() -> loop(this::sync, syncs)),
              threads.submit(() -> loop(this::fetch, fetches)),
              threads.submit(() -> loop(this::swaks, sent)));
      try {
        work(loops, smtplib, imaplib, neomutt);
        assertThat(cluster.ok("rolling-restart")).contains("All nodes have been restarted");
        work(loops, smtplib, imaplib, neomutt);
        cluster.process("n2").destroyForcibly();
        cluster.await("n2 (process");
        work(loops, smtplib, imaplib, neomutt);
      } finally {
        working = false;
      }
      for (Future<?> loop : loops) {
        loop.get();
      }

      // All is sent, and each has to have all of it, once.
      smtplib.endInput();
      smtplib.awaitEnd();
      imaplib.awaitEnd();
      List<String> all = new ArrayList<>(smtplib.lines());
      for (int number = 1; number <= sent.get(); number++) {
        all.add("swaks" + number);
      }
      assertThat(all).hasSizeGreaterThan(3 * ROUNDS);
      assertThat(imaplib.lines()).containsExactlyInAnyOrderElementsOf(all);
      sync();
      assertThat(synced()).containsExactlyInAnyOrderElementsOf(all);
      fetch();
      assertThat(subjects(Files.readString(directory.resolve("fetched"))))
          .containsExactlyInAnyOrderElementsOf(all);
      assertThat(copyOfMutt(neomutt)).containsExactlyInAnyOrderElementsOf(all);
      List<String> debug =
          Files.readString(directory.resolve("neomutt.log0"), StandardCharsets.ISO_8859_1)
              .lines()
              .toList();
      assertThat(debug)
          .filteredOn(line -> line.contains("mutt_socket_open() Connected to"))
          .hasSize(1);
      assertThat(debug).noneMatch(line -> line.contains("]<E> "));
    }
  }

  /** Waits until everybody has done something more, and nobody has ended. */
  private void work(List<Future<?>> loops, Client... clients) throws Exception {
    List<AtomicInteger> counts = List.of(syncs, fetches, sent);
    List<Integer> before = counts.stream().map(AtomicInteger::get).toList();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      for (Future<?> loop : loops) {
        if (loop.isDone()) {
          loop.get();
        }
      }
      for (Client client : clients) {
        assertThat(client.process.isAlive()).as(client.said()).isTrue();
      }
      boolean done = true;
      for (int i = 0; i < counts.size(); i++) {
        done &= counts.get(i).get() >= before.get(i) + ROUNDS;
      }
      if (done) {
        return;
      }
      assertThat(System.nanoTime()).as("rounds " + counts + " from " + before).isLessThan(deadline);
      Thread.sleep(100);
    }
  }

  private interface Round {
    void run() throws Exception;
  }

  private Void loop(Round round, AtomicInteger count) throws Exception {
    while (working) {
      round.run();
      count.incrementAndGet();
    }
    return null;
  }

  private Map<String, String> environment() {
    return Map.of(
        "HOME",
        directory.toString(),
        "FETCHMAILHOME",
        directory.toString(),
        "TERM",
        "xterm",
        "LC_ALL",
        "C.UTF-8");
  }

  private Ran run(String... command) throws Exception {
    return Ran.in(directory, environment(), "", command);
  }

  private static List<String> subjects(String mail) {
    return mail.lines()
        .filter(line -> line.startsWith("Subject: "))
        .map(line -> line.substring("Subject: ".length()).strip())
        .toList();
  }

  // ---- mbsync

  private void configureMbsync() throws Exception {
    Path certificate = Certificate.of("127.0.0.1:" + cluster.port(0, 993), directory);
    secret(
        "mbsyncrc",
        """
        IMAPStore far
        Host 127.0.0.1
        Port %d
        User %s
        Pass %s
        SSLType IMAPS
        CertificateFile %s

        MaildirStore near
        Path %s/
        Inbox %s
        SubFolders Verbatim

        Channel all
        Far :far:
        Near :near:
        Patterns INBOX
        Create Near
        Sync All
        """
            .formatted(
                cluster.port(0, 993),
                address("sync"),
                PASSWORD,
                certificate,
                directory.resolve("synced"),
                directory.resolve("synced/INBOX")));
    Files.createDirectories(directory.resolve("synced"));
  }

  private void secret(String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private void sync() throws Exception {
    Ran ran = run("mbsync", "-q", "-c", directory.resolve("mbsyncrc").toString(), "all").ok();
    assertThat(ran.output()).isEmpty();
  }

  private List<String> synced() throws IOException {
    List<String> subjects = new ArrayList<>();
    for (String part : List.of("cur", "new")) {
      try (Stream<Path> files = Files.list(directory.resolve("synced/INBOX").resolve(part))) {
        for (Path file : files.toList()) {
          subjects.addAll(subjects(Files.readString(file)));
        }
      }
    }
    return subjects;
  }

  // ---- fetchmail

  private void configureFetchmail() throws IOException {
    secret(
        "fetchmailrc",
        """
        poll 127.0.0.1 protocol pop3 service %d
          user "%s" password "%s" ssl no sslcertck no keep
          mda "cat >> %s"
        """
            .formatted(
                cluster.port(0, 995), address("fetch"), PASSWORD, directory.resolve("fetched")));
  }

  private void fetch() throws Exception {
    Ran ran =
        run(
            "fetchmail",
            "--fetchmailrc",
            directory.resolve("fetchmailrc").toString(),
            "--pidfile",
            directory.resolve("pid").toString());
    // 1: there was no mail. What breaks or is refused has another code, and is told as a status.
    assertThat(ran.exit()).as(ran.output()).isBetween(0, 1);
    assertThat(ran.output()).doesNotContain("Query status", "socket error", "-ERR");
  }

  // ---- swaks

  private void swaks() throws Exception {
    run(
            "swaks",
            "--server",
            "127.0.0.1",
            "--port",
            Integer.toString(cluster.port(0, 25)),
            "--tls",
            "--from",
            "sender@elsewhere.example",
            "--to",
            String.join(",", USERS.stream().map(StockClientsTest::address).toList()),
            "--h-Subject",
            "swaks" + (sent.get() + 1))
        .ok();
  }

  // ---- programs that stay

  /** A program that runs all the while. */
  private record Client(Process process, Path output) {
    String said() throws IOException {
      return Files.readString(output, StandardCharsets.ISO_8859_1);
    }

    List<String> lines() throws IOException {
      return said().lines().toList();
    }

    void type(String keys) throws IOException {
      OutputStream in = process.getOutputStream();
      in.write(keys.getBytes(StandardCharsets.US_ASCII));
      in.flush();
    }

    void endInput() throws IOException {
      process.getOutputStream().close();
    }

    void awaitEnd() throws Exception {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("it does not end; it said:\n" + said());
      }
      assertThat(process.exitValue()).as(said()).isZero();
    }
  }

  private Client start(String name, List<String> command) throws IOException {
    Path output = directory.resolve(name + ".out");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().putAll(environment());
    Process process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    return new Client(process, output);
  }

  private Client python(String script, List<String> standardPorts, List<String> arguments)
      throws Exception {
    URL file = Objects.requireNonNull(StockClientsTest.class.getResource(script), script);
    List<String> command =
        new ArrayList<>(List.of("python3", "-B", Path.of(file.toURI()).toString()));
    for (String port : standardPorts) {
      command.add(Integer.toString(cluster.port(0, Integer.parseInt(port))));
    }
    command.addAll(arguments);
    return start(script, command);
  }

  private Client neomutt() throws Exception {
    secret(
        "muttrc",
        """
        set imap_user = "%s"
        set imap_pass = "%s"
        set certificate_file = "%s"
        set ssl_verify_host = no
        set ssl_verify_dates = no
        set folder = "%s"
        set confirm_append = no
        set confirm_create = no
        set quit = yes
        set mbox_type = mbox
        set sleep_time = 0
        set wait_key = no
        set timeout = 1
        set mail_check = 1
        set imap_idle = yes
        set move = no
        """
            .formatted(
                address("mutt"),
                PASSWORD,
                directory.resolve("certificate.pem"),
                Files.createDirectories(directory.resolve("mutt"))));
    // script gives it the terminal that it wants.
    return start(
        "neomutt",
        List.of(
            "script",
            "--quiet",
            "--return",
            "--command",
            "neomutt -d 2 -l "
                + directory.resolve("neomutt.log")
                + " -F "
                + directory.resolve("muttrc")
                + " -f imaps://127.0.0.1:"
                + cluster.port(0, 993)
                + "/INBOX",
            directory.resolve("typescript").toString()));
  }

  /** Has it copy all that it shows, until the last message is among that, and quit. */
  private List<String> copyOfMutt(Client neomutt) throws Exception {
    List<String> copied = List.of();
    for (int tries = 1; !copied.contains("last"); tries++) {
      assertThat(tries).as("neomutt shows " + copied).isLessThan(5);
      Path copy = directory.resolve("mutt/copy" + tries);
      neomutt.type("T~A\n;C" + copy + "\n");
      copied = awaitCalm(copy);
    }
    neomutt.type("q");
    neomutt.awaitEnd();
    return copied;
  }

  /** The subjects in a file that has not grown for a while. */
  private static List<String> awaitCalm(Path file) throws Exception {
    List<String> before = List.of();
    for (int calm = 0; calm < CALM_SECONDS; calm++) {
      Thread.sleep(1000);
      List<String> now = Files.exists(file) ? subjects(Files.readString(file)) : List.of();
      if (now.size() > before.size()) {
        calm = 0;
      }
      before = now;
    }
    return before;
  }
}
