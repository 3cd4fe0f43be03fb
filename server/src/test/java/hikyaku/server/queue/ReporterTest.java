package hikyaku.server.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Language;
import hikyaku.server.dkim.Signer;
import hikyaku.server.smtpclient.Verdict;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What senders elsewhere are told, whatever happens while they are. */
class ReporterTest {
  private static final Instant NOW = Instant.parse("2026-12-01T10:00:00Z");
  private static final Reporter.Times TIMES = new Reporter.Times(NOW, NOW, NOW, false);

  private final Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
  private final MemoryStore store = new MemoryStore(clock);
  private final MailStore mail = new MailStore(store, clock, MailboxLimits.DEFAULT);
  private final Outbox outbox = new Outbox(store.logs());
  private Directory ofLanguages = new HomeDirectory();
  private Signer signer = Signer.NONE;

  @BeforeEach
  void open() {
    outbox.open();
  }

  @AfterEach
  void close() {
    mail.close();
  }

  private Outgoing message() {
    try (Intake intake = mail.intake()) {
      byte[] octets = "Subject: s\r\n\r\nhello\r\n".getBytes(UTF_8);
      intake.write(octets, 0, octets.length);
      Intake.Received received = intake.finish();
      return new PlainMail("t1", "s1", new Mailbox("sender", "there.test"))
          .of(
              ByteString.EMPTY,
              received.blob(),
              received.structure().root().bodyStart(),
              IntStream.range(0, 3)
                  .mapToObj(
                      i -> new Outgoing.To(new Mailbox("r" + i, "far.test"), RcptParameters.NONE))
                  .toList(),
              "",
              "",
              Outgoing.Terms.NONE);
    }
  }

  /** Tells that some of the recipients cannot get it. */
  private void fail(int... places) {
    Mailboxes mailboxes = new Mailboxes(mail, new HomeDirectory(), ListDoor.NONE);
    Reporter reporter =
        new Reporter(
            "home.test",
            new Wordings(ofLanguages, Language.EN),
            mailboxes,
            outbox,
            signer,
            new QueueMetrics(new SimpleMeterRegistry(), () -> 0, () -> 0));
    Outgoing message = message();
    reporter.send(
        ReportKind.FAILURE,
        message,
        IntStream.of(places)
            .mapToObj(place ->
                new Report.About(
                    place,
                    message.recipients().get(place),
                    Verdict.failed("5.1.1", "there is no such user")))
            .toList(),
        TIMES);
  }

  /** The recipients that each report in the queue tells of. */
  private List<String> told() {
    return new QueueView(store.logs(), clock)
            .find(new QueueView.Filter(null, null, null, null, null, false, null), 9)
            .messages()
            .stream()
            .map(each -> text(each.message()))
            .map(text ->
                String.join(
                    " ",
                    text.lines()
                        .filter(line -> line.startsWith("Final-Recipient: "))
                        .map(line -> line.substring(line.indexOf("; ") + 2, line.indexOf('@')))
                        .toList()))
            .sorted()
            .toList();
  }

  private String text(Outgoing report) {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    try {
      report.copy(store.blobs(), report.octets(), octets::write);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return octets.toString(UTF_8);
  }

  @Test
  void whoIsToldOnceMoreHearsNothingNew() {
    fail(0, 2);
    fail(0, 2);
    fail(1);
    fail(1);
    assertThat(told()).containsExactly("r0 r2", "r1");
  }

  /** The node had died before it wrote down what the first attempt came to. */
  @Test
  void whatAnotherAttemptFindsOutOfOthersIsTold() {
    fail(0);
    fail(0, 1);
    fail(0, 2);
    assertThat(told()).containsExactly("r0", "r0 r1", "r0 r2");
  }

  @Test
  void aReportGoesUnsignedRatherThanNotAtAll() {
    signer =
        (_, _) -> {
          throw new StoreException.Corrupt("keys", null);
        };
    fail(0);
    assertThat(told()).containsExactly("r0");
  }

  @Test
  void aReportGoesInAnotherLanguageRatherThanNotAtAll() {
    ofLanguages =
        (Directory)
            Proxy.newProxyInstance(
                Directory.class.getClassLoader(),
                new Class<?>[] {Directory.class},
                (_, _, _) -> {
                  throw new StoreException.Corrupt("domains", null);
                });
    fail(0);
    assertThat(told()).containsExactly("r0");
  }
}
