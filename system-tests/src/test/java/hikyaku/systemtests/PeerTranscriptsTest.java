package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import hikyaku.systemtests.internet.LonePostfix;
import hikyaku.systemtests.peers.Difference;
import hikyaku.systemtests.peers.DifferenceTable;
import hikyaku.systemtests.peers.ImapTranscript;
import hikyaku.systemtests.peers.Mailboxes;
import hikyaku.systemtests.peers.Pop3Transcript;
import hikyaku.systemtests.peers.SmtpTranscript;
import hikyaku.systemtests.peers.Transcripts;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What our transcripts have us say, beside what Dovecot and Postfix say to the same commands. Each
 * difference is explained in a table beside this class's resources, and nothing else is in it.
 */
class PeerTranscriptsTest {
  private static final Path ROOT = Path.of(System.getProperty("hikyaku.root"));

  /**
   * Each transcript has an address of this Dovecot to itself, which is the domain of its users
   * there.
   */
  private static final String NETWORK = "127.0.77.";

  private static final int ADDRESSES = 100;

  /** The transcript of SMTP that is about what lies in mailboxes then. */
  private static final String CONTENT = "content";

  private static final List<String> USERS =
      List.of("bob", "alice", "carol", "dave", "small", "u1", "u2", "admin");

  private static final String DOVECOT =
      """
      base_dir = @DIR@/run
      state_dir = @DIR@/run
      log_path = @DIR@/log
      protocols = imap pop3
      listen = @ADDRESSES@
      ssl = yes
      ssl_cert = <@DIR@/cert.pem
      ssl_key = <@DIR@/key.pem
      disable_plaintext_auth = no
      auth_mechanisms = plain login
      auth_failure_delay = 0
      mail_location = sdbox:@DIR@/mail/%d/%n
      mail_attribute_dict = file:%h/attributes
      mail_shared_explicit_inbox = yes
      mail_uid = mail
      mail_gid = mail
      first_valid_uid = 1
      first_valid_gid = 1
      mail_plugins = acl quota zlib
      protocol imap {
        mail_plugins = $mail_plugins imap_acl imap_quota imap_zlib
        imap_metadata = yes
        mail_max_userip_connections = 0
      }
      namespace inbox {
        inbox = yes
        separator = /
        mailbox INBOX {
          auto = subscribe
        }
        mailbox Archive {
          auto = subscribe
          special_use = \\Archive
        }
        mailbox Drafts {
          auto = subscribe
          special_use = \\Drafts
        }
        mailbox Junk {
          auto = subscribe
          special_use = \\Junk
        }
        mailbox Sent {
          auto = subscribe
          special_use = \\Sent
        }
        mailbox Trash {
          auto = subscribe
          special_use = \\Trash
        }
      }
      namespace shared {
        type = shared
        separator = /
        prefix = Other Users/%%u/
        location = sdbox:@DIR@/mail/%%d/%%n
        subscriptions = no
        list = children
      }
      plugin {
        acl = vfile::cache_secs=0
        acl_shared_dict = file:@DIR@/mail/%d/shared
        quota = count:
        quota_vsizes = yes
        quota_rule = *:storage=0
      }
      protocol pop3 {
        mail_max_userip_connections = 0
      }
      passdb {
        driver = passwd-file
        args = scheme=PLAIN username_format=%n @DIR@/users
        override_fields = user=%n@%l
      }
      userdb {
        driver = passwd-file
        args = username_format=%n @DIR@/users
        default_fields = uid=mail gid=mail home=@DIR@/mail/%d/%n
      }
      service auth {
        inet_listener {
          address = 127.0.0.1
          port = @SASL@
        }
      }
      service anvil {
        unix_listener anvil-auth-penalty {
          mode = 0
        }
      }
      service imap-login {
        inet_listener imap {
          port = @IMAP@
        }
        inet_listener imaps {
          port = 0
        }
      }
      service pop3-login {
        inet_listener pop3 {
          port = @POP3@
        }
        inet_listener pop3s {
          port = 0
        }
      }
      """;

  /** Passwords need TLS, which is not there; APOP sends none, and does not need it. */
  private static final String WITHOUT_TLS =
      """
      ssl = no
      disable_plaintext_auth = yes
      auth_mechanisms = plain login apop
      """;

  /** The transcripts of IMAP and POP3 whose settings those are. */
  private static final Set<String> FOR_WITHOUT_TLS = Set.of("apop", "tls-required");

  /** One that takes mail by LMTP for users of any domain, and gives it out by IMAP. */
  private static final String DELIVERED =
      """
      base_dir = @DIR@/run
      state_dir = @DIR@/run
      log_path = @DIR@/log
      protocols = imap lmtp
      listen = 127.0.0.1
      ssl = no
      disable_plaintext_auth = no
      mail_location = sdbox:@DIR@/mail/%n
      mail_uid = mail
      mail_gid = mail
      first_valid_uid = 1
      first_valid_gid = 1
      passdb {
        driver = passwd-file
        args = scheme=PLAIN username_format=%n @DIR@/users
      }
      userdb {
        driver = passwd-file
        args = username_format=%n @DIR@/users
        default_fields = uid=mail gid=mail home=@DIR@/mail/%n
      }
      service imap-login {
        inet_listener imap {
          port = @IMAP@
        }
        inet_listener imaps {
          port = 0
        }
      }
      service lmtp {
        inet_listener lmtp {
          port = @LMTP@
        }
      }
      """;

  /** Dovecot's processes are nobody, and a test's own directory is its owner's alone. */
  private static Path directory;

  private static Dovecot dovecot;
  private static Dovecot withoutTls;

  @BeforeAll
  static void start() throws Exception {
    directory = Files.createTempDirectory("dovecot");
    Ran.in(directory, "chmod", "755", directory.toString()).ok();
    String addresses =
        IntStream.rangeClosed(1, ADDRESSES)
            .mapToObj(i -> NETWORK + i)
            .collect(Collectors.joining(", "));
    List<String> users = new ArrayList<>();
    for (String user : USERS) {
      String quota = user.equals("small") ? "userdb_quota_rule=*:bytes=200:messages=3" : "";
      users.add(user + ":secret::::::" + quota);
    }
    dovecot = new Dovecot(directory, DOVECOT.replace("@ADDRESSES@", addresses), users);
    withoutTls =
        new Dovecot(
            Files.createDirectory(directory.resolve("without-tls")),
            DOVECOT.replace("@ADDRESSES@", addresses) + WITHOUT_TLS,
            users);
    awaitLogin();
  }

  /** Until Dovecot knows its users, it greets otherwise. */
  private static void awaitLogin() throws Exception {
    try (Line line = new Line(at(ADDRESSES, Dovecot.Port.IMAP))) {
      line.read();
      line.send("a LOGIN carol secret\r\n");
      assertThat(line.readTo("a ")).startsWith("a OK");
      line.send("b LOGOUT\r\n");
      line.rest();
    }
  }

  @AfterAll
  static void stop() throws Exception {
    dovecot.close();
    withoutTls.close();
    // The last processes may still write while they end.
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    String[] remove = {"rm", "-rf", directory.toString()};
    while (Ran.in(directory.getParent(), remove).exit() != 0 && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static InetSocketAddress at(int address, Dovecot.Port port) {
    return new InetSocketAddress(NETWORK + address, dovecot.port(port));
  }

  private static InetSocketAddress at(Path transcript, int address, Dovecot.Port port) {
    Dovecot peer = FOR_WITHOUT_TLS.contains(Transcripts.name(transcript)) ? withoutTls : dovecot;
    return new InetSocketAddress(NETWORK + address, peer.port(port));
  }

  /** Plays a transcript, which has this number. */
  @FunctionalInterface
  private interface Play {
    List<Difference> play(Path transcript, int number, DifferenceTable table) throws Exception;
  }

  /** Plays all transcripts of a protocol that the table does not leave out, at the same time. */
  private static void compare(String protocol, String peer, Play play) throws Exception {
    compare(Transcripts.of(ROOT, protocol), protocol, peer, play);
  }

  private static void compare(List<Path> transcripts, String protocol, String peer, Play play)
      throws Exception {
    URL file = PeerTranscriptsTest.class.getResource(protocol + "-" + peer + ".tsv");
    DifferenceTable table = new DifferenceTable(Path.of(file.toURI()));
    List<Difference> differences = new ArrayList<>();
    int count = 0;
    try (ExecutorService players = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<Difference>>> played = new ArrayList<>();
      for (Path transcript : transcripts) {
        if (!table.leavesOut(Transcripts.name(transcript))) {
          int number = ++count;
          played.add(players.submit(() -> play.play(transcript, number, table)));
        }
      }
      for (Future<List<Difference>> one : played) {
        differences.addAll(one.get());
      }
    }
    String row = "| %s | %d of %d |".formatted(title(protocol), count, transcripts.size());
    System.out.printf("%s against %s: %s%n", protocol, peer, table.summary(differences));
    assertThat(String.join("\n", table.problems(differences))).isEmpty();
    String manual = Files.readString(ROOT.resolve("docs/manual/peers.md"));
    assertThat(manual.contains(row)).as("docs/manual/peers.md has " + row).isTrue();
  }

  /** What the manual calls it. */
  private static String title(String protocol) {
    return protocol.equals(CONTENT)
        ? "SMTP, and what lies in mailboxes then"
        : protocol.toUpperCase(Locale.ROOT);
  }

  @Test
  void imap() throws Exception {
    compare(
        "imap",
        "dovecot",
        (transcript, number, table) ->
            new ImapTranscript(transcript, at(transcript, number, Dovecot.Port.IMAP), table)
                .play());
  }

  @Test
  void pop3() throws Exception {
    compare(
        "pop3",
        "dovecot",
        (transcript, number, table) -> {
          // Behind those of IMAP.
          int address = ADDRESSES - number;
          return new Pop3Transcript(
                  transcript,
                  at(transcript, address, Dovecot.Port.POP3),
                  at(transcript, address, Dovecot.Port.IMAP),
                  table)
              .play();
        });
  }

  /** Transcripts of SMTP of these faces, but for those that are about what is delivered. */
  private static List<Path> ofFaces(String... faces) throws IOException {
    List<Path> chosen = new ArrayList<>();
    for (Path transcript : Transcripts.of(ROOT, "smtp")) {
      if (List.of(faces).contains(SmtpTranscript.face(transcript))
          && !Transcripts.name(transcript).equals(CONTENT)) {
        chosen.add(transcript);
      }
    }
    return chosen;
  }

  /** What is said, and what then lies in the mailboxes. */
  @Test
  void lmtp() throws Exception {
    compare(
        ofFaces("lmtp"),
        "lmtp",
        "dovecot",
        (transcript, number, table) -> {
          try (Dovecot dovecot = delivered("lmtp" + number)) {
            return new SmtpTranscript(
                    transcript,
                    (_, _) -> local(dovecot, Dovecot.Port.LMTP),
                    table,
                    new Mailboxes(local(dovecot, Dovecot.Port.IMAP)))
                .play();
          }
        });
  }

  /** The same of mail that a Postfix has given to a Dovecot. */
  @Test
  void content() throws Exception {
    try (Dovecot dovecot = delivered("delivered")) {
      String transport = "lmtp:inet:[127.0.0.1]:" + dovecot.port(Dovecot.Port.LMTP);
      try (LonePostfix postfix = postfix(CONTENT, transport)) {
        awaitGreeting(postfix);
        compare(
            List.of(Transcripts.named(ROOT, "smtp", CONTENT)),
            CONTENT,
            "postfix",
            (transcript, _, table) ->
                new SmtpTranscript(
                        transcript,
                        postfix::at,
                        table,
                        new Mailboxes(local(dovecot, Dovecot.Port.IMAP)))
                    .play());
      }
    }
  }

  private static Dovecot delivered(String name) throws Exception {
    return new Dovecot(
        Files.createDirectory(directory.resolve(name)),
        DELIVERED,
        Stream.of("u1", "u2", "u3", "small", "info").map(user -> user + ":secret::::::").toList());
  }

  private static InetSocketAddress local(Dovecot dovecot, Dovecot.Port port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), dovecot.port(port));
  }

  private static LonePostfix postfix(String name, String transport) throws Exception {
    String hindrance = LonePostfix.hindrance();
    assumeTrue(hindrance.isEmpty(), "Postfix is not tried: " + hindrance);
    Path programs = Node.unpackedServers(directory);
    InetSocketAddress sasl = local(dovecot, Dovecot.Port.SASL);
    return new LonePostfix(
        Files.createDirectory(directory.resolve(name)), programs, sasl, transport);
  }

  @Test
  void smtp() throws Exception {
    try (LonePostfix postfix = postfix("postfix", "discard")) {
      awaitGreeting(postfix);
      compare(
          ofFaces("mx", "submission"),
          "smtp",
          "postfix",
          (transcript, _, table) ->
              new SmtpTranscript(
                      transcript,
                      (face, tls) -> postfix.at(Transcripts.name(transcript), face, tls),
                      table,
                      null)
                  .play());
    }
  }

  private static void awaitGreeting(LonePostfix postfix) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (true) {
      try (Line line = new Line(postfix.at("submission", true))) {
        assertThat(line.read()).startsWith("220");
        return;
      } catch (ConnectException e) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError(postfix.log(), e);
        }
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }
}
