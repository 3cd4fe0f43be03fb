package hikyaku.server.reports;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Append;
import hikyaku.protocol.address.AddressException;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Address;
import hikyaku.server.dkim.Signer;
import hikyaku.server.queue.Outbox;
import hikyaku.server.queue.Outgoing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Writes reports, signs them, and says what puts them into the queue. */
public final class ReportMail {
  /** Characters of an idempotency key of which the rest is made sure by a hash. */
  private static final int LONG_KEY = 120;

  private static final String SCHEME = "mailto:";

  private final String host;
  private final String contact;
  private final MailStore mail;
  private final Signer signer;
  private final Outbox outbox;

  /**
   * @param host our name
   * @param contact whom others may ask, an address; empty for postmaster of this host
   * @param signer signs what goes out
   */
  public ReportMail(String host, String contact, MailStore mail, Signer signer) {
    this.host = host;
    this.contact = contact.isEmpty() ? "postmaster@" + host : contact;
    this.mail = mail;
    this.signer = signer;
    this.outbox = new Outbox(mail.store().logs());
  }

  /** Our name. */
  public String host() {
    return host;
  }

  /** Whom others may ask, and whom reports are from. */
  public String contact() {
    return contact;
  }

  /** The address of a {@code mailto:} URI (RFC 6068); nothing if it is none. */
  public static Optional<MailAddress> address(String uri) {
    if (!uri.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
      return Optional.empty();
    }
    String address = uri.substring(SCHEME.length()).replaceFirst("\\?.*", "");
    try {
      return Optional.of(MailAddress.parse(URLDecoder.decode(address.replace("+", "%2B"), UTF_8)));
    } catch (AddressException | IllegalArgumentException nobody) {
      return Optional.empty();
    }
  }

  /** Octets of the message that a report comes to, without its signatures. */
  public long octets(ReportLetter letter, MailAddress to, Instant now) {
    return letter.text(contact, to.toString(), now).length();
  }

  /**
   * What puts a report into the queue, once under this id however often it is done.
   *
   * @param id unique for ever
   */
  public Append queued(
      String id, ReportLetter letter, MailAddress to, Outgoing.Tls tls, Instant now) {
    try (Intake intake = mail.intake()) {
      byte[] octets = letter.text(contact, to.toString(), now).getBytes(UTF_8);
      intake.write(octets, 0, octets.length);
      Intake.Received written = intake.finish();
      Signer.Signatures signatures =
          signer.sign(author(), sink -> mail.store().blobs().copy(written.blob(), sink));
      Outgoing message =
          new Outgoing(
              id,
              id,
              ReversePath.NULL,
              null,
              null,
              !to.isAscii(),
              false,
              false,
              tls,
              ByteString.copyFromUtf8(signatures.fields()),
              written.blob(),
              written.structure().root().bodyStart(),
              "",
              List.of(new Outgoing.To(new Mailbox(to), RcptParameters.NONE)));
      return outbox.append(message).withKey(key(id));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }

  /** An idempotency key for what has this id. */
  public static String key(String id) {
    return id.length() > LONG_KEY ? id.substring(0, 80) + id.hashCode() : id;
  }

  private List<Address> author() {
    int at = contact.lastIndexOf('@');
    return at < 0
        ? List.of()
        : Address.of(contact.substring(0, at), contact.substring(at + 1)).stream().toList();
  }
}
