package hikyaku.server.queue;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.protocol.smtp.DeliverBy;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.MailParameters.Ret;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message that is to go out.
 *
 * @param transaction its id, unique for ever
 * @param session the id of the session that brought it
 * @param sender where failures are told
 * @param envid what the sender calls the transaction, or null
 * @param ret how much a failure report brings back; null to leave it to us
 * @param smtpUtf8 whether it came under SMTPUTF8
 * @param binary whether it came as BINARYMIME
 * @param eightBit whether it has octets above 127
 * @param tls what TLS its sender wants, beyond what the domain that it goes to does
 * @param prefix header fields that go before the blob
 * @param blob its octets
 * @param headerOctets where its body begins in the blob
 * @param messageId for logs, or empty
 * @param recipients at least one
 * @param account the id of the account that sends it; empty if it is none's
 * @param script the id of the account whose script sends it, or to whose message a mailing list
 *     does: it vouches for nothing in it, and it waits while that account is stopped; empty if
 *     there is none
 * @param terms when its sender wants it to go
 * @param reversePath the sender under which other servers get it, as SPF lets us
 */
public record Outgoing(
    String transaction,
    String session,
    ReversePath sender,
    @Nullable String envid,
    @Nullable Ret ret,
    boolean smtpUtf8,
    boolean binary,
    boolean eightBit,
    Tls tls,
    ByteString prefix,
    Blob blob,
    long headerOctets,
    String messageId,
    List<To> recipients,
    String account,
    String script,
    Terms terms,
    ReversePath reversePath) {

  public Outgoing {
    recipients = List.copyOf(recipients);
    if (recipients.isEmpty()) {
      throw new IllegalArgumentException("a message for nobody");
    }
  }

  /** What TLS a sender wants (RFC 8689). */
  public enum Tls {
    USUAL,
    /** With every server on the way, each sure of the next one (REQUIRETLS). */
    REQUIRED,
    /** Rather none than that the message does not come (TLS-Required: No). */
    OPTIONAL
  }

  /** One that goes out under its sender. */
  public Outgoing(
      String transaction,
      String session,
      ReversePath sender,
      @Nullable String envid,
      @Nullable Ret ret,
      boolean smtpUtf8,
      boolean binary,
      boolean eightBit,
      Tls tls,
      ByteString prefix,
      Blob blob,
      long headerOctets,
      String messageId,
      List<To> recipients,
      String account,
      Terms terms) {
    this(
        transaction,
        session,
        sender,
        envid,
        ret,
        smtpUtf8,
        binary,
        eightBit,
        tls,
        prefix,
        blob,
        headerOctets,
        messageId,
        recipients,
        account,
        "",
        terms,
        sender);
  }

  /** One that no account answers for. */
  public Outgoing(
      String transaction,
      String session,
      ReversePath sender,
      @Nullable String envid,
      @Nullable Ret ret,
      boolean smtpUtf8,
      boolean binary,
      boolean eightBit,
      Tls tls,
      ByteString prefix,
      Blob blob,
      long headerOctets,
      String messageId,
      List<To> recipients) {
    this(
        transaction,
        session,
        sender,
        envid,
        ret,
        smtpUtf8,
        binary,
        eightBit,
        tls,
        prefix,
        blob,
        headerOctets,
        messageId,
        recipients,
        "",
        Terms.NONE);
  }

  /**
   * By when a message is to be delivered (RFC 2852).
   *
   * @param millis since 1970
   * @param returned whether it is given up then; else its sender is told
   * @param trace whether its sender is told of each server that it is passed on to
   */
  public record Deadline(long millis, boolean returned, boolean trace) {
    /**
     * @param mail when MAIL said so
     */
    public static Deadline of(DeliverBy by, Instant mail) {
      return new Deadline(mail.plusSeconds(by.seconds()).toEpochMilli(), by.returned(), by.trace());
    }

    /** What is left of it, as MAIL would say it now. */
    public DeliverBy left(Instant now) {
      long seconds = Math.floorDiv(millis - now.toEpochMilli(), 1000L);
      return new DeliverBy(
          Math.clamp(seconds, returned ? 1 : -DeliverBy.LONGEST, DeliverBy.LONGEST),
          returned,
          trace);
    }

    public Instant time() {
      return Instant.ofEpochMilli(millis);
    }
  }

  /**
   * When a sender wants a message to go, and to be there.
   *
   * @param release not before this moment, in milliseconds since 1970; 0 for at once
   * @param hold how the sender said it, for reports (RFC 4865 §5); empty if it did not
   * @param by null for whenever it gets through
   * @param priority -9 to 9 (RFC 6710)
   */
  public record Terms(long release, String hold, @Nullable Deadline by, int priority) {
    public static final Terms NONE = new Terms(0, "", null, 0);

    /** Of mail that is neither held nor has to hurry. */
    static Terms ofPriority(int priority) {
      return new Terms(0, "", null, priority);
    }
  }

  /**
   * One recipient.
   *
   * @param here whether it was an account's here when the message came
   */
  public record To(Mailbox address, RcptParameters parameters, boolean here) {
    /** One that another server has. */
    public To(Mailbox address, RcptParameters parameters) {
      this(address, parameters, false);
    }
  }

  /** Copies octets of it as it goes out, from its beginning. */
  public void copy(BlobStore blobs, long most, OctetSink sink) throws IOException {
    int ofPrefix = (int) Math.min(most, prefix.size());
    sink.write(prefix.substring(0, ofPrefix).toByteArray());
    try (BlobReader reader = blobs.open(blob.id())) {
      reader.copy(0, most - ofPrefix, sink);
    }
  }

  /** Size as it goes out. */
  public long octets() {
    return prefix.size() + blob.size();
  }

  /**
   * What MAIL says of it to whoever gets it.
   *
   * @param by how long it may take from now (RFC 2852); null where that is said in another way, or
   *     not at all
   * @param priority RFC 6710; null to say nothing of it
   */
  public MailParameters parameters(@Nullable DeliverBy by, @Nullable Integer priority) {
    return new MailParameters(
        octets(),
        binary ? MailParameters.Body.BINARYMIME : null,
        smtpUtf8,
        ret,
        envid,
        null,
        tls == Tls.REQUIRED,
        null,
        by,
        priority);
  }
}
