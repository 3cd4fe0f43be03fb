package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.LogName;
import hikyaku.server.directory.Address;
import hikyaku.server.dkim.Signer;
import hikyaku.server.net.TlsMode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What of submitted mail is given to be signed, for whom, and where the signature goes. */
class SignedSubmissionTest {
  private static final String FIELD = "DKIM-Signature: here\r\n";

  private final List<List<Address>> authors = new ArrayList<>();
  private final List<String> signed = new ArrayList<>();

  private Signer.Signatures sign(List<Address> of, Signer.Content content) throws IOException {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    content.copyTo(octets::write);
    authors.add(of);
    signed.add(octets.toString(ISO_8859_1));
    return new Signer.Signatures(FIELD, List.of("s._domainkey.demo.test"));
  }

  private World world(SmtpSettings settings) throws IOException {
    World world = new World(SmtpFace.SUBMISSION, settings, TlsMode.NONE);
    world.signer = this::sign;
    return world;
  }

  /** Has u1 send a message to somebody here and somebody elsewhere. */
  private static void send(World world, String message) throws IOException {
    assertThat(said(world, message)).contains("250 2.0.0 Queued as t1.1");
  }

  private static String said(World world, String message) throws IOException {
    TestConnection connection =
        new TestConnection(
            "t1",
            List.of(
                "EHLO c\r\n",
                "AUTH PLAIN AHUxAHNlY3JldA==\r\n",
                "MAIL FROM:<u1@demo.test>\r\n",
                "RCPT TO:<a@example.org>\r\n",
                "RCPT TO:<u2@demo.test>\r\n",
                "DATA\r\n",
                message + ".\r\n"));
    world.protocol.serve(connection);
    return connection.said();
  }

  private static String queued(World world) {
    return IntStream.range(0, 16)
        .mapToObj(part -> new LogName(String.format("queue/%02d", part)))
        .flatMap(log -> world.store.logs().read(log, 1, Long.MAX_VALUE, 10).stream())
        .map(Entry::payload)
        .map(payload -> payload.toString(ISO_8859_1))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void allThatGoesOutIsSignedButItsTrace() throws Exception {
    try (World world = world(TestSettings.DEFAULT)) {
      send(world, "From: U <U1@Demo.test>\r\nBcc: x@y.test\r\n\r\nhello\r\n");
      assertThat(authors).containsExactly(List.of(new Address("u1", "demo.test")));
      String date = "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n";
      String id = "Message-ID: <t1.1@mx.demo.test>\r\n";
      assertThat(signed).containsExactly(date + id + "From: U <U1@Demo.test>\r\n\r\nhello\r\n");
      assertThat(queued(world)).contains("\r\n" + FIELD + date + id);
      assertThat(world.message("u2", 1)).contains("+0000\r\n" + FIELD + date + id);
    }
  }

  @Test
  void nobodySignsForOthers() throws Exception {
    SmtpSettings foreign = TestSettings.with(TestSettings.DEFAULT, "writeAs", "OWN_OR_FOREIGN");
    for (String header :
        List.of(
            "From: u1@elsewhere.test",
            "From: u1@demo.test, u1@elsewhere.test",
            "From: u1@elsewhere.test u1@demo.test",
            "From: =?utf-8?q?<u1@elsewhere.test>,?= <u1@demo.test>",
            "From: team: u1@demo.test;",
            "From: ",
            "Subject: without an author",
            "Resent-From: u1@demo.test\r\nFrom: u3@elsewhere.test",
            "Resent-From: u1@demo.test\r\nFrom: u1@demo.test, u3@elsewhere.test",
            "Resent-From: u1@demo.test\r\nFrom: u1")) {
      try (World world = world(foreign)) {
        send(world, header + "\r\n\r\nhello\r\n");
        assertThat(authors).as(header).allMatch(List::isEmpty);
        authors.clear();
      }
    }
  }

  /** What is no list by RFC 5322 §3.4 is read in different ways. */
  @Test
  void nobodyElseStandsInABrokenField() throws Exception {
    for (String from :
        List.of(
            "u3@catch.test u1@demo.test",
            "u3@catch.test <u1@demo.test>",
            "(u3@catch.test <u1@demo.test>",
            "\"u3@catch.test\" u1@demo.test",
            "x [u3@catch.test] <u1@demo.test>",
            "u3 @ catch.test: x <u1@demo.test>")) {
      try (World world = world(TestSettings.DEFAULT)) {
        assertThat(said(world, "From: " + from + "\r\n\r\nhello\r\n"))
            .as(from)
            .contains("550 5.7.1 From names u3@catch.test, which is no address of yours");
      }
    }
    for (String from :
        List.of(
            "\"u3@catch.test\" <u1@demo.test>",
            "u1@demo.test (u3@catch.test)",
            "x [y] <u1@demo.test>",
            "u1@demo.test <u1@demo.test>")) {
      try (World world = world(TestSettings.DEFAULT)) {
        send(world, "From: " + from + "\r\n\r\nhello\r\n");
      }
    }
  }

  @Test
  void whoMayWriteUnderAnAddressIsSignedFor() throws Exception {
    for (String from : List.of("u1+tag@demo.test", "info@demo.test")) {
      try (World world = world(TestSettings.DEFAULT)) {
        send(world, "From: " + from + "\r\n\r\nhello\r\n");
        assertThat(authors.removeLast()).as(from).hasSize(1);
      }
    }
    try (World world = world(TestSettings.DEFAULT)) {
      send(world, "Resent-From: u1@demo.test\r\nFrom: info@demo.test\r\n\r\nhello\r\n");
      assertThat(authors.removeLast()).hasSize(1);
    }
    try (World world = world(TestSettings.with(TestSettings.DEFAULT, "writeAs", "ANY"))) {
      send(world, "From: u3@catch.test\r\n\r\nhello\r\n");
      assertThat(authors).containsExactly(List.of(new Address("u3", "catch.test")));
    }
  }
}
