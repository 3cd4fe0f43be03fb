package hikyaku.mailbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.SentDate;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MailVerifierTest {
  private static final String PREFIX =
      "Return-Path: <a@demo.test>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
          + "Message-ID: <added@demo.test>\r\n";
  private static final SentDate ADDED =
      new SentDate(Instant.parse("2026-11-22T10:00:00Z").getEpochSecond(), 0);

  private final MemoryStore store = new MemoryStore();

  /** Fields that a submission added are told of in the envelope, as what the blob has is. */
  @Test
  void theEnvelopeMayComeFromThePrefix() {
    try (MailStore mail = new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT)) {
      String bare = "Subject: x\r\n\r\nbody\r\n";
      MessageStructure found = parsed(mail, bare).structure();
      String date = "Sun, 22 Nov 2026 10:00:00 +0000";

      append(mail, bare, found.with(found.envelope().with(date, "<added@demo.test>"), ADDED));
      assertThat(problems()).isEmpty();

      append(mail, bare, found);
      assertThat(problems()).singleElement().asString().contains("UID 2", "parse otherwise");

      append(mail, bare, found.with(found.envelope().with(date, "<other@demo.test>"), ADDED));
      assertThat(problems()).hasSize(2);
    }
  }

  /** What the blob has is not replaced by what the prefix has. */
  @Test
  void theBlobComesFirst() {
    try (MailStore mail = new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT)) {
      String own = "Message-ID: <own@demo.test>\r\nDate: nonsense\r\n\r\nbody\r\n";
      MessageStructure found = parsed(mail, own).structure();
      append(mail, own, found);
      assertThat(problems()).isEmpty();
    }
  }

  private static Intake.Received parsed(MailStore mail, String text) {
    byte[] octets = text.getBytes(StandardCharsets.US_ASCII);
    try (Intake intake = mail.intake()) {
      intake.write(octets, 0, octets.length);
      return intake.finish();
    }
  }

  private static void append(MailStore mail, String text, MessageStructure structure) {
    NewMessage message =
        new NewMessage(
            ByteString.copyFromUtf8(PREFIX),
            parsed(mail, text).blob(),
            new InternalDate(1_700_000_000, 0),
            Flags.NONE,
            structure,
            "s1");
    mail.account("a").inbox().append(List.of(message), Attempt.ONLY);
  }

  private List<String> problems() {
    List<String> problems = new ArrayList<>();
    MailVerifier.verify(store, Clock.systemUTC(), MailboxLimits.DEFAULT, problems::add);
    return problems;
  }
}
