package hikyaku.server.queue;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.RcptParameters.Notify;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Resolution;
import hikyaku.server.dkim.Signer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells senders what became of their mail. */
final class Reporter {
  private static final Logger LOG = LoggerFactory.getLogger(Reporter.class);

  private final String host;
  private final Wordings wordings;
  private final Mailboxes mailboxes;
  private final Outbox outbox;
  private final Signer signer;
  private final QueueMetrics metrics;

  Reporter(
      String host,
      Wordings wordings,
      Mailboxes mailboxes,
      Outbox outbox,
      Signer signer,
      QueueMetrics metrics) {
    this.host = host;
    this.wordings = wordings;
    this.mailboxes = mailboxes;
    this.outbox = outbox;
    this.signer = signer;
    this.metrics = metrics;
  }

  /**
   * Whether the sender wants to hear of it (RFC 3461 §4.1). Of failures and delays it does unless
   * it said otherwise.
   */
  static boolean isWanted(ReportKind kind, Outgoing message, Outgoing.To to) {
    if (message.sender() instanceof ReversePath.Null) {
      return false;
    }
    @Nullable Set<Notify> notifyOn = to.parameters().notifyOn();
    return switch (kind) {
      case FAILURE -> notifyOn == null || notifyOn.contains(Notify.FAILURE);
      case DELAY -> notifyOn == null || notifyOn.contains(Notify.DELAY);
      case DELIVERED, RELAYED, TAKEN -> notifyOn != null && notifyOn.contains(Notify.SUCCESS);
    };
  }

  /**
   * When a message came, when it was tried last, and when it is given up.
   *
   * @param late whether it comes later than its sender wanted (RFC 2852 §4): that is told though a
   *     delay was told before
   */
  record Times(Instant arrived, Instant now, Instant giveUp, boolean late) {}

  /**
   * Reports, if there is something to tell. What it writes is durable when it returns. A repeat
   * changes nothing: each kind of thing is told once of the same recipients. Who repeats an attempt
   * and finds out more of others may tell some of it again, rather than nobody of the others.
   */
  void send(ReportKind kind, Outgoing message, List<Report.About> about, Times times) {
    if (about.isEmpty() || !(message.sender() instanceof Mailbox sender)) {
      return;
    }
    byte[] beginning = beginning(message);
    String thing = kind == ReportKind.DELAY && times.late() ? "late" : kind.action();
    String id = message.transaction() + "." + thing + "." + places(about);
    try (Intake intake = mailboxes.mail().intake()) {
      Report report =
          new Report(
              kind,
              wording(message, beginning, sender),
              host,
              message,
              id,
              times.arrived(),
              times.now(),
              times.giveUp(),
              about);
      report.write(intake, beginning);
      Intake.Received written = intake.finish();
      List<String> signed = new ArrayList<>();
      boolean told = send(kind, message, sender, written, times.now(), id, signed);
      if (told) {
        metrics.reported(kind);
      }
      LOG.atInfo()
          .addKeyValue("mail", true)
          .addKeyValue("transaction", message.transaction())
          .addKeyValue("session", message.session())
          .addKeyValue("from", message.sender())
          .addKeyValue("to", about.stream().map(each -> each.to().address().toString()).toList())
          .addKeyValue("report", kind)
          .addKeyValue("signed", signed)
          .log(told ? "the sender was told" : "there is no sender to tell");
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }

  /** Names recipients: the first, and if there are more what tells those from others. */
  private static String places(List<Report.About> about) {
    int[] places = about.stream().mapToInt(Report.About::place).toArray();
    return places[0]
        + (places.length == 1 ? "" : "-" + Integer.toHexString(Arrays.hashCode(places)));
  }

  private Wording wording(Outgoing message, byte @Nullable [] beginning, Mailbox sender) {
    try {
      return wordings.of(header(message, beginning), sender);
    } catch (StoreException.BlobMissing | StoreException.Corrupt e) {
      return without(
          "the language of the sender's domain", message, Wording.in(wordings.last()), e);
    }
  }

  /** What stands for a part of a report that is damaged in the store. */
  private static <T extends @Nullable Object> T without(
      String what, Outgoing message, T instead, StoreException e) {
    LOG.atWarn()
        .addKeyValue("transaction", message.transaction())
        .addKeyValue("cause", e.getMessage())
        .log("a report goes without " + what + ": something in the store is damaged");
    return instead;
  }

  /** What a report may have of a message; null if that is damaged. */
  private byte @Nullable [] beginning(Outgoing message) {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    try {
      mailboxes.copy(message, Math.min(Report.RETURNED, message.octets()), octets::write);
      return octets.toByteArray();
    } catch (StoreException.BlobMissing | StoreException.Corrupt e) {
      return without("the message", message, null, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // the sink throws nothing
    }
  }

  private static HeaderFields header(Outgoing message, byte @Nullable [] beginning) {
    return HeaderFields.of(
        beginning == null ? new byte[0] : Arrays.copyOf(beginning, Report.header(message)));
  }

  private boolean send(
      ReportKind kind,
      Outgoing message,
      Mailbox sender,
      Intake.Received written,
      Instant now,
      String id,
      List<String> signed) {
    try {
      return switch (mailboxes.resolve(sender)) {
        case Resolution.Local local -> {
          mailboxes.put(
              written,
              local,
              new Mailboxes.Way(
                  ReversePath.NULL,
                  sender,
                  message.smtpUtf8(),
                  message.tls(),
                  message.session(),
                  "",
                  local.elsewhere().isEmpty()
                      ? ByteString.EMPTY
                      : signature(message, written, signed)),
              now,
              Attempt.repeat(id));
          yield true;
        }
        case Resolution.NotLocal _ -> {
          queue(kind, message, sender, written, id, signed);
          yield true;
        }
        // It was somebody when the message came.
        case Resolution.UnknownRecipient _,
            Resolution.Suspended _,
            Resolution.TooManyExpansions _ ->
            false;
      };
    } catch (StoreException.BlobMissing | StoreException.Corrupt e) {
      // The sender's mailbox, or what says where it is: the report waits as other mail would.
      LOG.atWarn()
          .addKeyValue("transaction", message.transaction())
          .addKeyValue("cause", e.getMessage())
          .log("a report waits, since something in the store is damaged");
      queue(kind, message, sender, written, id, signed);
      return true;
    }
  }

  private void queue(
      ReportKind kind,
      Outgoing message,
      Mailbox sender,
      Intake.Received written,
      String id,
      List<String> signed) {
    Outgoing report =
        new Outgoing(
            id,
            message.session(),
            ReversePath.NULL,
            null,
            null,
            message.smtpUtf8(),
            false,
            written.structure().has8bit(),
            // What the sender wants nobody to see, the report has in part.
            message.tls(),
            signature(message, written, signed),
            written.blob(),
            written.structure().root().bodyStart(),
            "",
            List.of(new Outgoing.To(sender, RcptParameters.NONE)),
            "",
            Outgoing.Terms.ofPriority(kind.priority(message.terms().priority())));
    Append append = outbox.append(report).withKey(id);
    var unused = mailboxes.mail().store().logs().append(append).orThrow();
  }

  /**
   * @param by takes who signed, for logs
   */
  private ByteString signature(Outgoing message, Intake.Received report, List<String> by) {
    Signer.Signatures signatures;
    try {
      signatures = mailboxes.signed(report, signer, host);
    } catch (StoreException.BlobMissing | StoreException.Corrupt e) {
      signatures = without("a signature", message, Signer.Signatures.NONE, e);
    }
    by.addAll(signatures.by());
    return ByteString.copyFromUtf8(signatures.fields());
  }
}
