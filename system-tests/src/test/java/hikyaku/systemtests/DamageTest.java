package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Files of the data directory that are not as they were written, or cannot be read. */
@ExtendWith(SharedNode.class)
class DamageTest {
  @TempDir Path directory;

  /** Lines of what hardly can be compressed. */
  private static String noise(int octets) {
    byte[] noise = new byte[octets];
    new Random(octets).nextBytes(noise);
    return Base64.getMimeEncoder().encodeToString(noise);
  }

  private static List<Path> files(Node node, String ending) throws IOException {
    try (Stream<Path> files = Files.list(node.data().resolve("store/rocks"))) {
      return files.filter(file -> file.toString().endsWith(ending)).toList();
    }
  }

  /** The file that a large message has to itself. */
  private static Path contentOfItsOwn(Node node) throws IOException {
    try (Stream<Path> files = Files.walk(node.data().resolve("store/large"))) {
      return largest(files.filter(Files::isRegularFile).toList());
    }
  }

  private static Path largest(List<Path> files) {
    return files.stream().max(Comparator.comparing(file -> file.toFile().length())).orElseThrow();
  }

  private static void invert(Path file, int at) throws IOException {
    byte[] octets = Files.readAllBytes(file);
    octets[at] ^= (byte) 0xff;
    Files.write(file, octets);
  }

  private static void invertMiddle(Path file) throws IOException {
    invert(file, (int) (Files.size(file) / 2));
  }

  /** Starts a node that cannot start, and gives back what it says. */
  private static String refusal(Node node) throws Exception {
    return node.command("", "up").ended(1).output();
  }

  /** The message with damaged octets is refused, and everything else works. */
  @Test
  void oneDamagedMessageIsRefusedAndNoOther() throws Exception {
    try (Node node = Node.in(directory).start()) {
      Account account = node.account();
      Mail.deliver(node, account, "first", noise(5_000));
      restart(node);
      List<Path> before = files(node, ".sst");
      Mail.deliver(node, account, "damaged", noise(30_000));
      node.terminate();
      assertThat(node.exitCode()).isZero();
      List<Path> fresh =
          files(node, ".sst").stream().filter(file -> !before.contains(file)).toList();
      Path damaged = largest(fresh);
      invertMiddle(damaged);

      node.start();
      Mail.deliver(node, account, "third", "body");
      for (int attempt = 0; attempt < 2; attempt++) {
        try (Line imap = imap(node, account)) {
          imap.send("a FETCH 1:3 (UID RFC822.SIZE ENVELOPE)\r\n");
          assertThat(imap.readTo("a ")).startsWith("a OK ");
          imap.send("b FETCH 2 BODY.PEEK[]\r\n");
          assertThat(imap.read()).startsWith("b NO [UNAVAILABLE] ");
          imap.send("c FETCH 1:* BODY.PEEK[HEADER]\r\n");
          assertThat(imap.readTo("c ")).startsWith("c NO [UNAVAILABLE] ");
          imap.send("d FETCH 1,3 BODY.PEEK[]\r\n");
          assertThat(imap.readTo("d ")).startsWith("d OK ");
        }
      }
      try (Line pop3 = Line.pop3(node, account)) {
        assertThat(pop3.say("RETR 2")).startsWith("-ERR [SYS/TEMP] ");
        for (String number : List.of("1", "3")) {
          pop3.pop3("RETR " + number);
          assertThat(pop3.text()).isNotEmpty();
        }
      }
      assertThat(node.command("", "verify").ended(3).output())
          .contains(" UID 2: ")
          .doesNotContain(" UID 1: ")
          .doesNotContain(" UID 3: ");

      // Recovery, when the cause is gone.
      node.terminate();
      assertThat(node.exitCode()).isZero();
      invertMiddle(damaged);
      node.start();
      assertThat(Mail.subjects(node, account)).containsExactly("first", "damaged", "third");
      assertThat(node.command("", "verify").ok().output()).contains("All is well");
    }
  }

  private static void restart(Node node) throws Exception {
    node.terminate();
    assertThat(node.exitCode()).isZero();
    node.start();
  }

  /** Damage behind the first octets ends the session, and is refused from then on. */
  @Test
  void damageInTheMiddleIsMetOnce() throws Exception {
    // The index of texts reads messages after a start: it would meet the damage, perhaps before the
    // client.
    try (Node node = Node.in(directory, "[search]\nenabled = false\n").start()) {
      Account account = node.account();
      Mail.deliver(node, account, "large", noise(400_000));
      node.terminate();
      assertThat(node.exitCode()).isZero();
      invertMiddle(contentOfItsOwn(node));

      node.start();
      try (Line imap = imap(node, account)) {
        imap.send("a FETCH 1 BODY.PEEK[]\r\n");
        assertThat(imap.read()).startsWith("* 1 FETCH ");
        assertThat(brokenOff(imap)).isTrue();
      }
      try (Line imap = imap(node, account)) {
        imap.send("a FETCH 1 BODY.PEEK[]\r\n");
        assertThat(imap.read()).startsWith("a NO [UNAVAILABLE] ");
        imap.send("b NOOP\r\n");
        assertThat(imap.readTo("b ")).startsWith("b OK ");
      }
      try (Line pop3 = Line.pop3(node, account)) {
        assertThat(pop3.say("RETR 1")).startsWith("-ERR [SYS/TEMP] ");
      }
    }
  }

  private static boolean brokenOff(Line imap) throws IOException {
    try {
      assertThat(imap.readTo("a ")).isNull();
      return false;
    } catch (EOFException e) {
      return true;
    }
  }

  /** A start that would lose something is refused, as often as it is tried, and loses nothing. */
  @Test
  void aBrokenLogIsLeftAsItIs() throws Exception {
    try (Node node = Node.in(directory).start()) {
      Account account = node.account();
      for (int i = 0; i < 5; i++) {
        Mail.deliver(node, account, "message " + i, noise(10_000));
      }
      node.kill();
      Path log = largest(files(node, ".log"));
      invertMiddle(log);
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThat(refusal(node))
            .contains("is damaged")
            .contains("were acknowledged")
            .contains("Nothing has been changed");
      }
      invertMiddle(log);

      // The same for the file that says which files there are.
      Path current = node.data().resolve("store/rocks/CURRENT");
      invert(current, 0);
      assertThat(refusal(node)).contains("is damaged").contains("CURRENT");
      invert(current, 0);

      node.start();
      assertThat(Mail.subjects(node, account)).hasSize(5);
      assertThat(node.command("", "verify").ok().output()).contains("All is well");
    }
  }

  @Test
  void whatCannotBeReadIsNamed() throws Exception {
    try (Node node = Node.in(directory).start()) {
      Account account = node.account();
      Mail.deliver(node, account, "stays", "body");
      assertThat(refusal(node)).contains("in use by another process");
      assertThat(Mail.subjects(node, account)).containsExactly("stays");
      node.terminate();
      assertThat(node.exitCode()).isZero();

      for (String name : List.of("store", "store/rocks", "store/acknowledged", "secret.key")) {
        Path there = node.data().resolve(name);
        Path aside = directory.resolve("aside");
        Files.move(there, aside);
        if (Files.isDirectory(aside)) {
          Files.writeString(there, "a file in place of a directory");
        } else {
          Files.createDirectory(there);
        }
        assertThat(refusal(node))
            .as(name)
            .contains(there.toString())
            .doesNotContainPattern("(?i)\\bbug\\b");
        Files.delete(there);
        Files.move(aside, there);
      }
      node.start();
      assertThat(Mail.subjects(node, account)).containsExactly("stays");
    }
  }

  @Test
  void certificatesThatCannotServeAreNamed() throws Exception {
    Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
    for (String name : List.of("one", "two")) {
      Path store = directory.resolve(name + ".p12");
      Ran.in(
              directory,
              keytool.toString(),
              "-genkeypair",
              "-keyalg",
              "EC",
              "-alias",
              name,
              "-dname",
              "CN=" + name,
              "-startdate",
              "-10d",
              "-validity",
              "1",
              "-storepass",
              "secret",
              "-keystore",
              store.toString())
          .ok();
      for (String[] part : new String[][] {{"-nokeys", "pem"}, {"-nocerts", "key"}}) {
        String out = directory.resolve(name + "." + part[1]).toString();
        Ran.in(
                directory,
                "openssl",
                "pkcs12",
                "-in",
                store.toString(),
                "-passin",
                "pass:secret",
                part[0],
                "-nodes",
                "-out",
                out)
            .ok();
      }
    }
    Files.writeString(directory.resolve("text.pem"), "no certificate\n");

    assertThat(refusedCertificate("none.pem", "one.key"))
        .contains("none.pem: cannot be read as certificates: there is no such file");
    assertThat(refusedCertificate("text.pem", "one.key")).contains("text.pem: holds no certific");
    assertThat(refusedCertificate("one.pem", "text.pem")).contains("text.pem: holds no private");
    assertThat(refusedCertificate("one.pem", "two.key")).contains("not that of the certificate");
    try (Node node = withCertificate("one.pem", "one.key").start()) {
      node.awaitLog("the certificate has expired");
      Mail.deliver(node, node.account(), "subject", "body");
    }
  }

  private Node withCertificate(String certificate, String key) throws Exception {
    return Node.in(
        directory,
        "[tls]\ncertificate = \"%s\"\nkey = \"%s\"\n"
            .formatted(directory.resolve(certificate), directory.resolve(key)));
  }

  private String refusedCertificate(String certificate, String key) throws Exception {
    try (Node node = withCertificate(certificate, key)) {
      return refusal(node);
    }
  }

  private static Line imap(Node node, Account account) throws IOException {
    Line line = new Line(node.port(Port.IMAP));
    line.read();
    line.send("l LOGIN " + account.address() + " " + account.password() + "\r\n");
    assertThat(line.readTo("l ")).startsWith("l OK ");
    line.send("s SELECT INBOX\r\n");
    assertThat(line.readTo("s ")).startsWith("s OK ");
    return line;
  }
}
