package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.directory.Address;
import hikyaku.server.lists.ListKind;
import hikyaku.server.lists.MailingList;
import hikyaku.server.net.TlsMode;
import hikyaku.server.origin.Origin;
import hikyaku.server.testing.ZoneDns;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What may be done by whoever is proven to be somebody, and how a forger is not: one who has a
 * server whose own name passes SPF, and an address in the same domain.
 */
class ProvenSenderTest {
  private static final String NOT_FOR_YOU =
      "550 5.7.2 You are not among those who may write to this list";

  private final ZoneDns dns =
      new ZoneDns()
          .with("c.example", "TXT", "v=spf1 +all")
          .with("a.example", "TXT", "v=spf1 -all")
          .with("_dmarc.a.example", "TXT", "v=DMARC1; p=none");
  private Origin origin;
  private World world;

  @BeforeEach
  void open() throws IOException {
    origin =
        new Origin(
            OriginDeliveryTest.settings(List.of()),
            dns,
            InstantSource.system(),
            new SimpleMeterRegistry());
    world =
        new World(
            SmtpFace.MX, TestSettings.DEFAULT, TlsMode.NONE, Optional.empty(), Optional.of(origin));
    world.list("news", ListKind.ANNOUNCEMENT, "boss@a.example", List.of("jo@a.example"));
  }

  @AfterEach
  void close() {
    world.close();
    origin.close();
  }

  /** What the server says to the last of some lines. */
  private String say(String... lines) throws IOException {
    try (Socket socket = world.connect()) {
      BufferedReader in =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
      String last = in.readLine();
      for (String line : lines) {
        socket.getOutputStream().write((line + "\r\n").getBytes(ISO_8859_1));
        do {
          last = in.readLine();
        } while (last.startsWith("-", 3));
      }
      return last;
    }
  }

  private String send(String sender, String recipient, String header) throws IOException {
    return say(
        "EHLO c.example",
        "MAIL FROM:<" + sender + ">",
        "RCPT TO:<" + recipient + "@demo.test>",
        "DATA",
        header + "Subject: x\r\n\r\nhi\r\n.");
  }

  private void senderMay() {
    dns.without("a.example").with("a.example", "TXT", "v=spf1 +all");
  }

  private MailingList news() {
    return world.listBook(world.mail).list(new Address("news", "demo.test")).orElseThrow();
  }

  /** The name in EHLO may pass SPF, and says nothing of the sender. */
  @Test
  void nobodyWritesAsAnOwnerByTheNameOfAServer() throws Exception {
    String from = "From: boss@a.example\r\n";
    assertThat(send("boss@a.example", "news", from)).isEqualTo(NOT_FOR_YOU);
    assertThat(world.queued()).isZero();
    senderMay();
    assertThat(send("boss@a.example", "news", from)).startsWith("250 ");
    assertThat(world.queued()).isOne();
  }

  @Test
  void nobodyLetsAnotherLeaveByTheNameOfAServer() throws Exception {
    String from = "From: jo@a.example\r\n";
    assertThat(send("jo@a.example", "news-unsubscribe", from)).startsWith("550 5.7.1 ");
    assertThat(news().members()).hasSize(1);
    senderMay();
    assertThat(send("jo@a.example", "news-unsubscribe", from)).startsWith("250 ");
    assertThat(news().members()).isEmpty();
  }

  @Test
  void nobodyWritesToAnAliasForMembersByTheNameOfAServer() throws Exception {
    String from = "From: jo@a.example\r\n";
    assertThat(send("jo@a.example", "club", from)).startsWith("550 5.7.2 ");
    assertThat(world.count("u1")).isZero();
    senderMay();
    assertThat(send("jo@a.example", "club", from)).startsWith("250 ");
    assertThat(world.count("u1")).isOne();
  }

  /** A domain's signature, or SPF, covers one From; of several nobody knows which. */
  @Test
  void nobodyWritesAsAnOwnerBesideAnotherAuthor() throws Exception {
    senderMay();
    String boss = "From: boss@a.example\r\n";
    String jo = "From: jo@a.example\r\n";
    assertThat(send("jo@a.example", "news", boss + "X: y\r\n".repeat(2_500) + jo))
        .isEqualTo(NOT_FOR_YOU);
    assertThat(send("jo@a.example", "news", "From: jo@a.example, boss@a.example\r\n"))
        .isEqualTo(NOT_FOR_YOU);
    assertThat(world.queued()).isZero();
    assertThat(send("jo@a.example", "news", boss)).startsWith("250 ");
  }

  private String binary(String message) throws IOException {
    return say(
        "EHLO c.example",
        "MAIL FROM:<jo@a.example> BODY=BINARYMIME",
        "RCPT TO:<u1@demo.test>",
        "BDAT " + message.length() + " LAST\r\n" + message.substring(0, message.length() - 2));
  }

  /** Some take CR or LF alone for the end of a line, and others do not: they see other authors. */
  @Test
  void noHeaderOfBinaryMailEndsElsewhereForOthers() throws Exception {
    dns.without("_dmarc.a.example").with("_dmarc.a.example", "TXT", "v=DMARC1; p=reject");
    String from = "From: boss@a.example\r\n\r\nhi\r\n";
    assertThat(binary(from)).startsWith("550 5.7.26 ");
    for (String smuggled : List.of("X: a\r\r\n", "X: a\n\n", "X: a\r\n\n")) {
      assertThat(binary(smuggled + from)).as(smuggled).startsWith("550 5.6.11 ");
    }
    assertThat(binary("X: a\0\r\n" + from)).startsWith("550 5.6.0 ");
    assertThat(world.count("u1")).isZero();
    assertThat(binary("From: ann@b.example\r\n\r\na\rb\nc\r\n")).startsWith("250 ");
  }
}
