package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.app.Door.Call;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.testing.TrustEveryone;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** A machine whose clock was hours ahead, is set right while the node is down, and again. */
final class ClockSetBackTest {
  private static final String ALICE = "alice@example.org";
  private static final String PASSWORD = "correct horse battery";
  private static final LogName LOG = new LogName("test/clock");

  /** The certificate of the first start begins a day before it, and so lies ahead as well. */
  private static final Duration FAR = Duration.ofHours(60);

  @RegisterExtension final RunningNodeExtension running = new RunningNodeExtension();

  private final Set<String> sessions = new HashSet<>();

  @Test
  void nothingIsLostOrTakenForAnother() throws Exception {
    startAt(FAR);
    try (Door door = running.open()) {
      door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
      door.call(
          Call.of("POST", "accounts").withBody(new AccountOperations.New(ALICE, PASSWORD, null)));
    }
    deliver("one");
    deliver("two");
    long modseq = look(2, 0);
    Appended first = append(Append.Expect.NEW, "key");
    assertThat(first.repeated()).isFalse();

    startAt(Duration.ZERO);
    deliver("three");
    modseq = look(3, modseq);
    assertThat(greetingOverTls()).startsWith("* OK");
    assertThat(isRepeated(first)).isTrue();
    expunge("1");
    housekeeping();
    modseq = look(2, modseq);
    assertThat(isRepeated(first)).as("after housekeeping").isTrue();
    Appended second = append(Append.Expect.EXISTING, "another");
    assertThat(second.firstSeq()).isEqualTo(first.lastSeq() + 1);

    startAt(FAR);
    housekeeping();
    deliver("four");
    look(3, modseq);
    assertThat(isRepeated(first)).isTrue();
  }

  private void startAt(Duration ahead) throws Failure {
    running.stop();
    running.start(Clock.offset(Clock.systemUTC(), ahead));
  }

  private void deliver(String subject) throws Exception {
    try (Dialogue smtp = new Dialogue(running.port("smtp"))) {
      smtp.await("220");
      smtp.say("EHLO client.example", "250 ");
      smtp.say("MAIL FROM:<bob@example.net>", "250");
      smtp.say("RCPT TO:<" + ALICE + ">", "250");
      smtp.say("DATA", "354");
      smtp.say("Subject: " + subject + "\r\n\r\nText\r\n.", "250");
      noteSession("smtp");
      smtp.say("QUIT", "221");
    }
  }

  /** Logs in, reads all messages, and gives the mailbox's highest sequence. */
  private long look(int messages, long before) throws Exception {
    try (Dialogue imap = login()) {
      String told = imap.say("b STATUS INBOX (MESSAGES HIGHESTMODSEQ)", "* STATUS");
      assertThat(told).contains("MESSAGES " + messages);
      long modseq = Long.parseLong(told.replaceAll(".*HIGHESTMODSEQ ([0-9]+).*", "$1"));
      assertThat(modseq).isGreaterThan(before);
      imap.say("c SELECT INBOX", "c OK");
      imap.send("d FETCH 1:* BODY.PEEK[TEXT]");
      for (int number = 1; number <= messages; number++) {
        assertThat(imap.await("* ")).startsWith("* " + number + " FETCH");
        assertThat(imap.await("Text")).isEqualTo("Text");
      }
      assertThat(imap.await("d ")).startsWith("d OK");
      noteSession("imap");
      return modseq;
    }
  }

  private Dialogue login() throws IOException {
    Dialogue imap = new Dialogue(running.port("imap"));
    imap.await("* OK");
    imap.say("a LOGIN " + ALICE + " \"" + PASSWORD + "\"", "a OK");
    return imap;
  }

  private void expunge(String number) throws IOException {
    try (Dialogue imap = login()) {
      imap.say("b SELECT INBOX", "b OK");
      imap.say("c STORE " + number + " +FLAGS (\\Deleted)", "c OK");
      imap.say("d EXPUNGE", "d OK");
    }
  }

  /** No session has the name of another, which keys begin with. */
  private void noteSession(String protocol) throws Failure {
    try (Door door = running.open()) {
      List<String> live = live(door, protocol);
      while (live.size() > 1) {
        // Those of before are on their way out.
        live = live(door, protocol);
      }
      assertThat(live).hasSize(1);
      assertThat(sessions.add(live.getFirst())).isTrue();
    }
  }

  private static List<String> live(Door door, String protocol) throws Failure {
    List<String> ids = new ArrayList<>();
    for (JsonNode session : door.call(Call.of("GET", "sessions"))) {
      if (session.get("protocol").asString().equals(protocol)) {
        ids.add(session.get("id").asString());
      }
    }
    return ids;
  }

  private boolean isRepeated(Appended first) {
    Appended again = append(Append.Expect.NEW, "key");
    return again.repeated() && again.lastSeq() == first.lastSeq();
  }

  private Appended append(Append.Expect expect, String key) {
    Append append = new Append(LOG, List.of(Event.of(ByteString.copyFromUtf8(key))), expect, key);
    return running.node().core().store().logs().append(append).orThrow();
  }

  /** With a client that does not look at the certificate, which is not valid yet. */
  private String greetingOverTls() throws Exception {
    SSLContext context = TrustEveryone.context("TLS");
    try (Socket socket =
        context.getSocketFactory().createSocket("127.0.0.1", running.port("imaps"))) {
      socket.setSoTimeout(60_000);
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1))
          .readLine();
    }
  }

  private void housekeeping() {
    Core core = running.node().core();
    core.mail().housekeeping();
    core.store().blobs().sweep(core.configuration().housekeeping().sweepGrace());
    core.store().logs().trimChanges(core.configuration().housekeeping().changesKept());
  }
}
