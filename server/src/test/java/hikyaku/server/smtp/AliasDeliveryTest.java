package hikyaku.server.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.memory.Faults;
import hikyaku.server.net.TlsMode;
import hikyaku.server.origin.Origin;
import hikyaku.server.origin.OriginSettings;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.queue.QueueView;
import hikyaku.server.sending.Allowance;
import hikyaku.server.testing.ZoneDns;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Aliases that lead to other services as well, and those that not everybody may write to. */
class AliasDeliveryTest {
  private static final String LOGIN = "AUTH PLAIN AHUxAHNlY3JldA==\r\n";
  private int sessions;

  /** What is said to a message, from MAIL on. */
  private List<String> send(World world, String from, List<String> to, String message)
      throws IOException {
    List<String> lines = new ArrayList<>(List.of("EHLO c.example\r\n"));
    boolean user = from.endsWith("@demo.test");
    if (user) {
      lines.add(LOGIN);
    }
    lines.add("MAIL FROM:<" + from + ">\r\n");
    to.forEach(each -> lines.add("RCPT TO:<" + each + "@demo.test>\r\n"));
    lines.add("DATA\r\n");
    lines.add(message + ".\r\n");
    TestConnection connection = new TestConnection("t" + ++sessions, lines);
    world.protocol.serve(connection);
    List<String> said = connection.said().lines().toList();
    int mail = said.lastIndexOf("250 2.1.0 Sender OK");
    assertThat(mail).as(connection.said()).isPositive();
    return said.subList(mail + 1, said.size()).stream()
        .filter(line -> !line.startsWith("354 "))
        .limit(to.size() + 1L)
        .toList();
  }

  private static List<Outgoing> queued(World world) {
    return new QueueView(world.store.logs(), world.mail.clock())
            .find(new QueueView.Filter(null, null, null, null, null, false, null), 10)
            .messages()
            .stream()
            .map(QueueView.Waiting::message)
            .toList();
  }

  private static String text(World world, Outgoing message) throws IOException {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    octets.writeBytes(message.prefix().toByteArray());
    try (BlobReader reader = world.store.blobs().open(message.blob().id())) {
      reader.copy(0, reader.size(), octets::write);
    }
    return octets.toString(StandardCharsets.ISO_8859_1);
  }

  @Test
  void membersElsewhereGetItUnderTheAuthorsSenderWithTheAliasInItsTrace() throws Exception {
    try (World world = new World(SmtpFace.MX, TestSettings.DEFAULT, TlsMode.NONE)) {
      assertThat(send(world, "jo@a.example", List.of("group", "away"), "Subject: x\r\n\r\nhi\r\n"))
          .containsExactly(
              "250 2.1.5 Recipient OK", "250 2.1.5 Recipient OK", "250 2.0.0 Queued as t1.1");
      assertThat(world.count("u1")).isEqualTo(1);
      Outgoing sent = queued(world).getFirst();
      assertThat(queued(world)).hasSize(1);
      assertThat(sent.sender()).hasToString("jo@a.example");
      assertThat(sent.recipients())
          .extracting(to -> to.address() + " " + to.parameters().orcpt())
          .containsExactly(
              "x@b.example OriginalRecipient[type=rfc822, address=group@demo.test]",
              "y@b.example OriginalRecipient[type=rfc822, address=group@demo.test]");
      assertThat(text(world, sent))
          .startsWith("Delivered-To: group@demo.test\r\nReceived: from c.example")
          .endsWith("\r\nSubject: x\r\n\r\nhi\r\n");
    }
  }

  /** The round is whole, or the client hears that it is not. */
  @Test
  void nobodyHasWhatCouldNotBeWritten() throws Exception {
    try (World world = new World(SmtpFace.MX, TestSettings.DEFAULT, TlsMode.NONE)) {
      world.store.faults().failWhile(call -> call == Faults.Call.APPEND, Faults.When.BEFORE);
      List<String> said = send(world, "jo@a.example", List.of("group"), "Subject: x\r\n\r\n");
      world.store.faults().clear();
      assertThat(said.getLast()).startsWith("451 ");
      assertThat(world.count("u1")).isZero();
      assertThat(queued(world)).isEmpty();
    }
  }

  @Test
  void accountsOfTheDomainMayWriteWhereOthersMayNot() throws Exception {
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      assertThat(send(world, "u1@demo.test", List.of("staff", "club"), "Subject: x\r\n\r\n"))
          .containsExactly(
              "250 2.1.5 Recipient OK", "250 2.1.5 Recipient OK", "250 2.0.0 Queued as t1.1");
      assertThat(queued(world)).hasSize(1);
    }
  }

  @Test
  void whomAnAliasLeadsToElsewhereCountsAgainstTheSender() throws Exception {
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      Allowance three =
          (_, window) ->
              window == Allowance.Window.HOUR ? OptionalLong.of(3) : OptionalLong.empty();
      world.allowance = three;
      assertThat(send(world, "u1@demo.test", List.of("group", "club"), "Subject: x\r\n\r\n"))
          .contains("250 2.0.0 Queued as t1.1");
      assertThat(send(world, "u1@demo.test", List.of("away", "staff"), "Subject: x\r\n\r\n"))
          .containsExactly(
              "450 4.7.1 This account may send to 3 recipients an hour, try later",
              "250 2.1.5 Recipient OK",
              "250 2.0.0 Delivered as t2.1");
    }
  }

  @Test
  void aMemberElsewhereWritesIfItsServerMaySendForIt() throws Exception {
    ZoneDns dns = new ZoneDns().with("a.example", "TXT", "v=spf1 ip4:127.0.0.1 -all");
    OriginSettings settings = OriginDeliveryTest.settings(List.of());
    try (Origin origin =
            new Origin(settings, dns, InstantSource.system(), new SimpleMeterRegistry());
        World world =
            new World(
                SmtpFace.MX,
                TestSettings.DEFAULT,
                TlsMode.NONE,
                Optional.empty(),
                Optional.of(origin))) {
      String message = "From: jo@a.example\r\nSubject: x\r\n\r\n";
      assertThat(send(world, "jo@a.example", List.of("club"), message))
          .containsExactly("250 2.1.5 Recipient OK", "250 2.0.0 Queued as t1.1");
      assertThat(send(world, "mo@a.example", List.of("club", "u1"), message).getFirst())
          .startsWith("550 5.7.2 ");
      dns.without("a.example");
      dns.with("a.example", "TXT", "v=spf1 ?all");
      assertThat(send(world, "jo@a.example", List.of("club"), message).getLast())
          .isEqualTo("550 5.7.2 You are not among those who may write to this address");
      assertThat(world.count("u1")).isEqualTo(2);
      assertThat(queued(world)).hasSize(1);
    }
  }
}
