package hikyaku.server.pop3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.store.memory.Faults;
import hikyaku.protocol.pop3.Keyword;
import hikyaku.server.net.Redaction;
import hikyaku.server.net.Refusal;
import hikyaku.server.net.TlsMode;
import hikyaku.server.testing.FakeAuthenticator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a transcript cannot say: octets, time, and the ends of sessions. */
class SessionTest {
  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Any message comes back octet for octet and as long as LIST, STAT and RETR say. */
  @Test
  void messagesAreSentOctetForOctet() throws IOException {
    Random random = new Random(1939);
    byte[] alphabet = octets("\r\n\n..abc\u00e9\u0000");
    List<byte[]> messages = new ArrayList<>();
    messages.add(octets(""));
    messages.add(octets("\r\n"));
    for (int size : new int[] {1, 5, 100, 65_535, 65_536, 65_537, 300_000}) {
      byte[] message = new byte[size];
      for (int i = 0; i < size; i++) {
        message[i] = alphabet[random.nextInt(alphabet.length)];
      }
      messages.add(message);
    }
    try (Pop3Rig rig = new Pop3Rig();
        Pop3Client client = rig.connect()) {
      String prefix = "Return-Path: <a@demo.test>\r\n";
      for (byte[] message : messages) {
        rig.deliver("u1", prefix, message);
      }
      client.login("u1");
      long sum = 0;
      for (int number = 1; number <= messages.size(); number++) {
        String whole = prefix + new String(messages.get(number - 1), StandardCharsets.ISO_8859_1);
        assertThat(client.say("LIST " + number)).isEqualTo("+OK " + number + " " + whole.length());
        assertThat(client.say("RETR " + number)).isEqualTo("+OK " + whole.length() + " octets");
        String text = new String(client.dotted(), StandardCharsets.ISO_8859_1);
        // What framing added: the last CRLF, and dots after a bare CR or LF.
        String framed = whole.endsWith("\r\n") ? whole : whole + "\r\n";
        assertThat(text).isEqualTo(framed.replaceAll("(\r(?!\n)|(?<!\r)\n)\\.", "$1.."));
        sum += whole.length();
      }
      assertThat(client.say("STAT")).isEqualTo("+OK " + messages.size() + " " + sum);
      assertThat(client.say("QUIT")).startsWith("+OK");
      assertThat(client.closed()).isTrue();
      assertThat(rig.counted("hikyaku.pop3.retrieved")).isEqualTo(messages.size());
      assertThat(rig.counted("hikyaku.pop3.retrieved.octets")).isEqualTo(sum);
    }
  }

  /** Autologout (RFC 1939 §3): no word is said and nothing is deleted. */
  @Test
  void silenceEndsASessionAndDeletesNothing() throws IOException {
    Duration patient = Duration.ofMinutes(5);
    Duration brief = Duration.ofMillis(50);
    Pop3Limits beforeLogin = new Pop3Limits(brief, patient, patient, 9, 9);
    try (Pop3Rig rig = new Pop3Rig(new Pop3Settings(false, Duration.ZERO, beforeLogin));
        Pop3Client client = rig.connect()) {
      client.line();
      assertThat(client.closed()).isTrue();
    }
    Pop3Limits afterLogin = new Pop3Limits(patient, brief, patient, 9, 9);
    try (Pop3Rig rig = new Pop3Rig(new Pop3Settings(false, Duration.ZERO, afterLogin));
        Pop3Client client = rig.connect()) {
      rig.deliver("u1", "", octets("a\r\n"));
      client.send(octets("USER u1\r\nPASS secret\r\nDELE 1\r\n"));
      client.line();
      client.line();
      assertThat(client.line()).startsWith("+OK Maildrop has 1");
      assertThat(client.line()).isEqualTo("+OK Marked");
      assertThat(client.closed()).isTrue();
      assertThat(rig.inbox("u1").refresh().size()).isEqualTo(1);
    }
  }

  /** A line begun and not ended does not hold the connection for longer than it may. */
  @Test
  void aDrippingLineEndsTheSession() throws IOException {
    Pop3Limits limits =
        new Pop3Limits(Duration.ofMinutes(5), Duration.ofMinutes(5), Duration.ofMillis(50), 9, 9);
    try (Pop3Rig rig = new Pop3Rig(new Pop3Settings(false, Duration.ZERO, limits));
        Pop3Client client = rig.connect()) {
      client.line();
      client.send(octets("USER u"));
      client.awaitEnd();
    }
  }

  @Test
  void aStopSaysGoodbyeAndDeletesNothing() throws Exception {
    try (Pop3Rig rig = new Pop3Rig();
        Pop3Client before = rig.connect();
        Pop3Client after = rig.connect()) {
      rig.deliver("u1", "", octets("a\r\n"));
      before.line();
      after.login("u1");
      assertThat(after.say("DELE 1")).isEqualTo("+OK Marked");
      CountDownLatch stopped = new CountDownLatch(1);
      Thread.ofVirtual()
          .start(() -> {
            rig.server().stop(Duration.ofSeconds(60));
            stopped.countDown();
          });
      assertThat(before.line()).isEqualTo("-ERR [SYS/TEMP] The server is stopping");
      assertThat(before.closed()).isTrue();
      assertThat(after.line()).isEqualTo("-ERR [SYS/TEMP] The server is stopping");
      assertThat(after.closed()).isTrue();
      before.close();
      after.close();
      assertThat(stopped.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(rig.inbox("u1").refresh().size()).isEqualTo(1);
    }
  }

  /** A store that fails inside a message: the client must not take what it has for the whole. */
  @Test
  void aResponseThatCannotBeFinishedIsCutOff() throws IOException {
    try (Pop3Rig rig = new Pop3Rig();
        Pop3Client client = rig.connect()) {
      rig.deliver("u1", "", "0123456789\r\n".repeat(100_000).getBytes(StandardCharsets.US_ASCII));
      client.login("u1");
      AtomicInteger reads = new AtomicInteger();
      rig.store
          .faults()
          .failWhile(
              call -> call == Faults.Call.BLOB_READ && reads.incrementAndGet() > 2,
              Faults.When.BEFORE);
      assertThat(client.say("RETR 1")).isEqualTo("+OK 1200000 octets");
      assertThatThrownBy(client::dotted).isInstanceOf(IOException.class);
      rig.store.faults().clear();
      assertThat(rig.counted("hikyaku.pop3.failures")).isEqualTo(1);
    }
  }

  /** Somebody renames INBOX by IMAP to keep what is in it: POP3 has no say over another folder. */
  @Test
  void whatHasLeftInboxByItsRenamingStays() throws IOException {
    try (Pop3Rig rig = new Pop3Rig();
        Pop3Client client = rig.connect()) {
      rig.deliver("u1", "", octets("a\r\n"));
      client.login("u1");
      assertThat(client.say("DELE 1")).isEqualTo("+OK Marked");
      AccountMail mail = rig.mail.account(FakeAuthenticator.account("u1").id());
      mail.rename("INBOX", "Kept", Attempt.ONLY);
      assertThat(client.say("QUIT"))
          .isEqualTo("-ERR [SYS/TEMP] Deleted messages may be there still");
      assertThat(mail.mailbox("Kept").refresh().size()).isEqualTo(1);
    }
  }

  /** The store is asked once more under the same key, and then says what it did. */
  @Test
  void anUnknownOutcomeIsAskedFor() throws IOException {
    try (Pop3Rig rig = new Pop3Rig();
        Pop3Client client = rig.connect()) {
      rig.deliver("u1", "", octets("a\r\n"));
      client.login("u1");
      client.say("DELE 1");
      rig.store.faults().failNext(Faults.Call.APPEND, Faults.When.AFTER);
      assertThat(client.say("QUIT")).isEqualTo("+OK Goodbye, 1 deleted");
      assertThat(rig.inbox("u1").refresh().size()).isZero();
    }
  }

  /** A failure after the fact is a failure told, and what was done stays done. */
  @Test
  void anUnknownOutcomeIsNoSuccess() throws IOException {
    try (Pop3Rig rig = new Pop3Rig();
        Pop3Client client = rig.connect()) {
      rig.deliver("u1", "", octets("a\r\n"));
      client.login("u1");
      client.say("DELE 1");
      rig.store.faults().failNext(Faults.Call.APPEND, Faults.When.AFTER);
      rig.store.faults().failNext(Faults.Call.APPEND, Faults.When.AFTER);
      assertThat(client.say("QUIT"))
          .isEqualTo("-ERR [SYS/TEMP] Deleted messages may be there still");
      assertThat(client.closed()).isTrue();
      assertThat(rig.inbox("u1").refresh().size()).isZero();
      assertThat(rig.counted("hikyaku.pop3.deleted")).isZero();
    }
  }

  @Test
  void aClientGoneInsideALineDeletesNothing() throws IOException {
    try (Pop3Rig rig = new Pop3Rig();
        Pop3Client client = rig.connect()) {
      rig.deliver("u1", "", octets("a\r\n"));
      client.login("u1");
      client.say("DELE 1");
      client.send(octets("QUIT"));
      client.shutdownOutput();
      client.awaitEnd();
      assertThat(rig.inbox("u1").refresh().size()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource(Refusal.class)
  void refusalsNeverAskForThePassword(Refusal reason) throws IOException {
    try (Pop3Rig rig = new Pop3Rig()) {
      assertThat(rig.protocol.refusal(reason))
          .matches("-ERR \\[SYS/TEMP\\] [ -~]+\r\n")
          .doesNotContain("AUTH");
    }
  }

  @Test
  void tracesShowNoSecrets() throws IOException {
    try (Pop3Rig rig = new Pop3Rig()) {
      Redaction redaction = rig.protocol.redaction();
      for (String line :
          List.of("PASS hunter2", "AUTH PLAIN aHVudGVyMg==", "hunter2", "APOP u1 hunter2")) {
        Redaction.Shown shown = redaction.show(octets(line));
        assertThat(shown.text()).doesNotContain("hunter2").doesNotContain("aHVudGVyMg");
      }
      assertThat(redaction.show(octets("AUTH LOGIN")).secret()).isTrue();
      assertThat(redaction.show(octets("RETR 1"))).isEqualTo(new Redaction.Shown("RETR 1", false));
    }
  }

  @Test
  void everyCommandHasARowAndATimer() throws IOException {
    try (Pop3Rig rig = new Pop3Rig()) {
      for (Keyword keyword : Keyword.values()) {
        boolean somewhere = false;
        for (State state : State.values()) {
          somewhere |= Rules.allows(keyword, state);
        }
        assertThat(somewhere).as(keyword.name()).isTrue();
        assertThat(rig.protocol.metrics.command(keyword, true).count()).isZero();
      }
    }
  }

  /** The rest of a line that was too long is not a command. */
  @Test
  void theRestOfALongLineIsDropped() throws IOException {
    try (Pop3Rig rig = new Pop3Rig();
        Pop3Client client = rig.connect()) {
      client.line();
      client.send(octets("x".repeat(100_000) + "QUIT\r\nCAPA\r\n"));
      assertThat(client.line()).isEqualTo("-ERR Line too long");
      assertThat(client.line()).startsWith("+OK");
      assertThat(client.lines()).contains("UIDL");
    }
  }

  /** A client that asks and never reads costs nothing once it has gone. */
  @Test
  void aClientThatDoesNotReadEndsWithItsConnection() throws Exception {
    try (Pop3Rig rig = new Pop3Rig()) {
      rig.deliver("u1", "", octets("0123456789\r\n".repeat(20_000)));
      try (Pop3Client client = rig.connect()) {
        client.login("u1");
        client.send(octets("RETR 1\r\n".repeat(200)));
      }
      rig.authenticator.awaitNoLeases();
    }
  }

  /** RFC 2595 §4. */
  @Test
  void tlsForgetsUtf8() throws Exception {
    try (Pop3Rig rig = new Pop3Rig(Pop3Settings.DEFAULTS, TlsMode.STARTTLS);
        Pop3Client client = rig.connect()) {
      rig.deliver("u1", "", "Subject: ü\r\n\r\n".getBytes(StandardCharsets.UTF_8));
      assertThat(client.line()).startsWith("+OK");
      assertThat(client.say("UTF8")).startsWith("+OK");
      assertThat(client.say("STLS")).startsWith("+OK");
      client.startTls();
      assertThat(client.say("USER u1")).startsWith("+OK");
      assertThat(client.say("PASS secret")).startsWith("+OK");
      assertThat(client.say("RETR 1")).startsWith("+OK");
      assertThat(client.lines()).containsExactly("Subject: =?utf-8?B?w7w=?=", "");
    }
  }
}
