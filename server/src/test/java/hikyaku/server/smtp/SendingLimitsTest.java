package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.dkim.Signer;
import hikyaku.server.lists.ListKind;
import hikyaku.server.net.TlsMode;
import hikyaku.server.queue.QueueView;
import hikyaku.server.sending.Allowance;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How much users may send to other servers, and what they hear beyond. */
class SendingLimitsTest {
  private int sessions;

  /** What u1 hears when it sends to so many others in one transaction, from RCPT on. */
  private List<String> send(World world, int recipients, String more) throws Exception {
    List<String> lines =
        new ArrayList<>(
            List.of(
                "EHLO c\r\n", "AUTH PLAIN AHUxAHNlY3JldA==\r\n", "MAIL FROM:<u1@demo.test>\r\n"));
    for (int i = 0; i < recipients; i++) {
      lines.add("RCPT TO:<r" + i + "@example.org>\r\n");
    }
    lines.add(more);
    lines.add("DATA\r\n");
    lines.add("From: u1@demo.test\r\n\r\nhello\r\n.\r\n");
    TestConnection connection = new TestConnection("t" + ++sessions, lines);
    world.protocol.serve(connection);
    List<String> said = connection.said().lines().toList();
    int from = said.lastIndexOf("250 2.1.0 Sender OK") + 1;
    assertThat(from).as(connection.said()).isPositive();
    return said.subList(from, said.size());
  }

  private static Allowance allowance(long hour, long day) {
    return (account, window) -> {
      assertThat(account).hasToString("u1@demo.test");
      return OptionalLong.of(
          switch (window) {
            case HOUR -> hour;
            case DAY -> day;
          });
    };
  }

  @Test
  void recipientsBeyondTheLimitAreRefusedForNow() throws Exception {
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      world.allowance = allowance(3, 100);
      assertThat(send(world, 2, "RSET\r\n")).anyMatch(line -> line.startsWith("503 "));
      // What was not accepted is not counted, and mail that stays here never is.
      assertThat(send(world, 2, "RCPT TO:<u2@demo.test>\r\n"))
          .anyMatch(line -> line.contains("Queued as"));
      assertThat(send(world, 2, "RCPT TO:<u2@demo.test>\r\n"))
          .startsWith(
              "250 2.1.5 Recipient OK",
              "450 4.7.1 This account may send to 3 recipients an hour, try later",
              "250 2.1.5 Recipient OK")
          .anyMatch(line -> line.contains("Queued as"));
      assertThat(send(world, 1, "RCPT TO:<u2@demo.test>\r\n"))
          .startsWith(
              "450 4.7.1 This account may send to 3 recipients an hour, try later",
              "250 2.1.5 Recipient OK");
      assertThat(world.queued()).isEqualTo(2);
      world.allowance = allowance(100, 3);
      assertThat(send(world, 1, "NOOP\r\n"))
          .startsWith("450 4.7.1 This account may send to 3 recipients a day, try later");
      world.allowance = allowance(4, 4);
      assertThat(send(world, 1, "NOOP\r\n")).startsWith("250 2.1.5 Recipient OK");
      assertThat(world.queued()).isEqualTo(3);
    }
  }

  /** Whoever opens many sessions first, and sends over all of them then, gets no more out. */
  @Test
  void sessionsOfOneAccountShareItsLimit() throws Exception {
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      world.allowance = allowance(3, 100);
      List<Client> clients = new ArrayList<>();
      try {
        for (int i = 0; i < 3; i++) {
          clients.add(new Client(world));
        }
        clients.get(0).begin("r1@example.org", "r2@example.org");
        clients.get(1).begin("r1@example.org", "r2@example.org");
        Client alone = clients.get(2);
        alone.begin("r3@example.org");
        assertThat(clients.get(0).end()).startsWith("250 2.0.0 Queued as");
        assertThat(clients.get(1).end())
            .isEqualTo("450 4.7.1 This account may send to 3 recipients an hour, try later");
        assertThat(alone.end()).startsWith("250 2.0.0 Queued as");
        // What stays here is no matter of the limit.
        clients.get(1).begin("u2@demo.test");
        assertThat(clients.get(1).end()).startsWith("250 2.0.0 Delivered as");
      } finally {
        for (Client client : clients) {
          client.close();
        }
      }
      assertThat(world.queued()).isEqualTo(2);
    }
  }

  /** A session of u1. */
  private static final class Client implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader in;

    Client(World world) throws IOException {
      socket = world.connect();
      in = new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
      assertThat(in.readLine()).startsWith("220 ");
      say("EHLO c\r\n", "250 ");
      say("AUTH PLAIN AHUxAHNlY3JldA==\r\n", "235 ");
    }

    private String say(String lines) throws IOException {
      socket.getOutputStream().write(lines.getBytes(ISO_8859_1));
      String line = in.readLine();
      while (line.charAt(3) == '-') {
        line = in.readLine();
      }
      return line;
    }

    void say(String lines, String reply) throws IOException {
      assertThat(say(lines)).startsWith(reply);
    }

    void begin(String... to) throws IOException {
      say("MAIL FROM:<u1@demo.test>\r\n", "250 ");
      for (String each : to) {
        say("RCPT TO:<" + each + ">\r\n", "250 ");
      }
      say("DATA\r\n", "354 ");
    }

    String end() throws IOException {
      return say("From: u1@demo.test\r\n\r\nhello\r\n.\r\n");
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  /** As many as it has members elsewhere, and no more than a post may count for. */
  @Test
  void aPostToAListCountsForItsMembersElsewhere() throws Exception {
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      List<String> members = new ArrayList<>(List.of("u2@demo.test"));
      IntStream.range(0, 3).forEach(i -> members.add("far" + i + "@example.org"));
      world.list("news", ListKind.DISCUSSION, "u1@demo.test", members);
      world.allowance = allowance(5, 100);
      String post = "RCPT TO:<news@demo.test>\r\n";
      assertThat(send(world, 0, post + post)).anyMatch(line -> line.contains("Queued as"));
      assertThat(send(world, 0, post))
          .startsWith("450 4.7.1 This account may send to 5 recipients an hour, try later");
      assertThat(send(world, 2, "NOOP\r\n")).anyMatch(line -> line.contains("Queued as"));
      IntStream.range(0, 900).forEach(i -> members.add("out" + i + "@example.org"));
      world.list("mod", ListKind.MODERATED, "u1@demo.test", members);
      world.allowance = allowance(25, 100);
      assertThat(send(world, 0, "RCPT TO:<mod@demo.test>\r\n"))
          .anyMatch(line -> line.contains("Queued as"));
      assertThat(send(world, 1, "NOOP\r\n"))
          .startsWith("450 4.7.1 This account may send to 25 recipients an hour, try later");
    }
  }

  /** Who is behind a list or an alias that is a member of the list gets the post too. */
  @Test
  void aPostToAListCountsForWhomItsMembersHereLeadTo() throws Exception {
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      world.list(
          "mod",
          ListKind.MODERATED,
          "u1@demo.test",
          List.of("news@demo.test", "u2@demo.test", "far1@example.org", "far2@example.org"));
      // The alias leads to two elsewhere; the lists are members of each other.
      world.list(
          "news",
          ListKind.DISCUSSION,
          "u1@demo.test",
          List.of("group@demo.test", "mod@demo.test", "far3@example.org"));
      String post = "RCPT TO:<news@demo.test>\r\n";
      world.allowance = allowance(4, 100);
      assertThat(send(world, 0, post))
          .startsWith("450 4.7.1 This account may send to 4 recipients an hour, try later");
      world.allowance = allowance(5, 100);
      assertThat(send(world, 0, post)).anyMatch(line -> line.contains("Queued as"));
      assertThat(send(world, 1, "NOOP\r\n"))
          .startsWith("450 4.7.1 This account may send to 5 recipients an hour, try later");
    }
  }

  /** What it has written to lists waits as well. */
  @Test
  void copiesOfListsAreHeldWithTheAccount() throws Exception {
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      world.list("news", ListKind.DISCUSSION, "u1@demo.test", List.of("far@example.org"));
      assertThat(send(world, 0, "RCPT TO:<news@demo.test>\r\n"))
          .anyMatch(line -> line.contains("Queued as"));
      assertThat(world.held()).isZero();
      assertThat(send(world, 301, "NOOP\r\n")).anyMatch(line -> line.contains("Queued as"));
      assertThat(world.held()).isEqualTo(2);
    }
  }

  @Test
  void anAccountThatSendsFarMoreThanEverIsStoppedAndThePostmasterTold() throws Exception {
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      assertThat(send(world, 300, "NOOP\r\n")).anyMatch(line -> line.contains("Queued as"));
      assertThat(send(world, 1, "NOOP\r\n")).anyMatch(line -> line.contains("Queued as"));
      assertThat(send(world, 1, "RCPT TO:<u2@demo.test>\r\n"))
          .startsWith(
              "450 4.7.1 This account may not send now; ask your postmaster",
              "250 2.1.5 Recipient OK")
          .anyMatch(line -> line.startsWith("250 2.6.0") || line.startsWith("250 2.0.0"));
      assertThat(world.held()).isEqualTo(2);
      world.list("news", ListKind.ANNOUNCEMENT, "u1@demo.test", List.of("far@example.org"));
      long queued = world.queued();
      for (String list : List.of("news@demo.test", "news-owner@demo.test")) {
        assertThat(send(world, 0, "RCPT TO:<" + list + ">\r\n"))
            .startsWith(
                "450 4.7.1 This account may not send now; ask your postmaster",
                "503 5.5.1 No valid recipients");
      }
      assertThat(world.queued()).isEqualTo(queued);
      assertThat(world.message("u2", 1))
          .contains("Subject: u1@demo.test was stopped from sending")
          .contains("301 recipients in an hour, and never more than 0")
          .contains("2 of its messages wait and are held");
    }
  }

  @Test
  void whatAPostmasterElsewhereIsToldIsSigned() throws Exception {
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      world.directory.postmaster = "away";
      List<Object> authors = new ArrayList<>();
      world.signer =
          (of, _) -> {
            authors.addAll(of);
            return new Signer.Signatures("DKIM-Signature: here\r\n", List.of());
          };
      assertThat(send(world, 301, "NOOP\r\n")).anyMatch(line -> line.contains("Queued as"));
      assertThat(authors).hasToString("[u1@demo.test, postmaster@mx.demo.test]");
      assertThat(
              new QueueView(world.store.logs(), InstantSource.system())
                  .find(new QueueView.Filter(null, null, "x@b.example", null, null, false, null), 9)
                  .messages())
          .singleElement()
          .extracting(told -> told.message().prefix().toStringUtf8())
          .isEqualTo("Delivered-To: postmaster@mx.demo.test\r\nDKIM-Signature: here\r\n");
    }
  }
}
