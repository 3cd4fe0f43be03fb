package hikyaku.server.queue;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Blob;
import hikyaku.protocol.smtp.MailParameters.Ret;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.ReversePath;
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
    String account) {

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
        "");
  }

  /** One recipient. */
  public record To(Mailbox address, RcptParameters parameters) {}

  /** Size as it goes out. */
  public long octets() {
    return prefix.size() + blob.size();
  }
}
