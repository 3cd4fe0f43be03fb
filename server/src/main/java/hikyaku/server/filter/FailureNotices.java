package hikyaku.server.filter;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Delivered;
import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.server.directory.Account;
import hikyaku.server.queue.ScriptFailure;
import hikyaku.server.queue.Wording;
import hikyaku.server.story.MailStory;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells accounts by a message in INBOX that a script of theirs failed: of each script, as it is,
 * once in a day over all nodes. No script runs over the notice. Safe for many threads.
 */
final class FailureNotices {
  /** How long nothing more is told of a script that has not changed. */
  private static final Duration QUIET = Duration.ofDays(1);

  /** Characters that are told of anything that others may have written. */
  private static final int TOLD = 300;

  private static final Logger LOG = LoggerFactory.getLogger(FailureNotices.class);

  private final Filter filter;

  FailureNotices(Filter filter) {
    this.filter = filter;
  }

  /** Tells of a failure, after its message is durable; that this may fail hurts nobody. */
  void tell(Failure failure) {
    try {
      tellOnce(failure);
    } catch (RuntimeException e) {
      // Whatever it is: the message is durable, and who sent it must hear so.
      LOG.atWarn()
          .addKeyValue("account", failure.account().primary())
          .setCause(e)
          .log("an account could not be told that its script failed");
    }
  }

  private void tellOnce(Failure failure) {
    Account account = failure.account();
    Instant now = filter.mail().clock().instant();
    ByteString what =
        Memory.what(
            "failure told",
            account.id(),
            failure.problem().script().name(),
            failure.script().toString(ISO_8859_1));
    if (filter.memories().memory(account.id()).knows(what, now)) {
      return;
    }
    // Of two nodes that tell at one moment, INBOX takes one notice.
    String id =
        "script-failed."
            + HexFormat.of().formatHex(what.toByteArray())
            + "."
            + now.getEpochSecond() / QUIET.toSeconds();
    Places places = new Places(filter.mail());
    Delivery notice = Delivery.toInbox(account.id(), notice(id, failure, now));
    List<Delivered> delivered =
        filter
            .mail()
            .deliver(
                List.of(notice),
                each -> !places.isFull(account, each.message()),
                refused ->
                    refused.isEmpty()
                        ? List.of(
                            filter
                                .memories()
                                .append(
                                    account.id(),
                                    List.of(MemoryBook.told(what, now.plus(QUIET), id)),
                                    id))
                        : List.of(),
                Attempt.repeat(id));
    if (delivered.getFirst() instanceof Delivered.Refused(var why)) {
      LOG.atDebug()
          .addKeyValue("account", account.primary())
          .addKeyValue("cause", why)
          .log("an account has no room to be told that its script failed");
    }
  }

  private NewMessage notice(String id, Failure failure, Instant now) {
    Account account = failure.account();
    MailAddress to = new MailAddress(account.primary().localPart(), account.primary().domain());
    Wording wording = filter.wordings().of(account);
    ScriptFailure told = told(failure);
    String text =
        new Letter(
                new MailAddress("postmaster", failure.host()),
                wording.author(),
                List.of(to),
                wording.scriptFailed(told.script()))
            .date(now)
            .field("Message-ID", "<" + id + "@" + failure.host() + ">")
            .field("Auto-Submitted", "auto-generated")
            .field("Content-Language", wording.language().tag())
            .text(wording.failure(told));
    try (Intake intake = filter.mail().intake()) {
      byte[] octets = text.getBytes(UTF_8);
      intake.write(octets, 0, octets.length);
      Intake.Received letter = intake.finish();
      return new NewMessage(
          ByteString.copyFromUtf8("Return-Path: <>\r\nDelivered-To: " + to + "\r\n"),
          letter.blob(),
          InternalDate.of(now, ZoneOffset.UTC),
          Flags.NONE,
          letter.structure(),
          failure.message().session());
    }
  }

  private static ScriptFailure told(Failure failure) {
    MessageStructure message = failure.message().structure();
    String subject = message.envelope().subject();
    return new ScriptFailure(
        failure.account().primary().toString(),
        shown(failure.problem().script().name()),
        failure.problem().line(),
        shown(failure.problem().sentence()),
        shown(failure.folder()),
        shown(from(message.envelope().from()).orElse("<" + failure.sender() + ">")),
        subject == null ? "" : shown(EncodedWords.decode(subject)),
        MailStory.printable(message.envelope().messageId()));
  }

  /** Who wrote a message, if it says so. */
  private static Optional<String> from(List<EnvelopeAddress> from) {
    return from.stream()
        .filter(EnvelopeAddress::isAddress)
        .findFirst()
        .map(first -> {
          String address = first.mailbox() + "@" + first.host();
          String utf8 = new String(address.getBytes(ISO_8859_1), UTF_8);
          return first.name() == null
              ? utf8
              : EncodedWords.decode(first.name()) + " <" + utf8 + ">";
        });
  }

  /** One line that is what it looks like: nothing in it turns the direction of what follows. */
  private static String shown(String text) {
    String line = text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+", " ").strip();
    int[] codePoints = line.codePoints().limit(TOLD).toArray();
    return new String(codePoints, 0, codePoints.length);
  }
}
