package hikyaku.server.queue;

import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.smtp.MailParameters;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Finds out what TLS a sender wants. */
public final class TlsWish {
  /** A field behind so many octets of header is not found. */
  private static final int HEADER = 256 * 1024;

  private TlsWish() {}

  /**
   * What MAIL or the header says; MAIL goes before it (RFC 8689 §4).
   *
   * @param headerOctets where the body begins
   */
  public static Outgoing.Tls of(
      MailParameters parameters, BlobStore blobs, Blob blob, long headerOctets) {
    if (parameters.requireTls()) {
      return Outgoing.Tls.REQUIRED;
    }
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    try (BlobReader reader = blobs.open(blob.id())) {
      reader.copy(0, Math.min(HEADER, headerOctets), header::write);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
    boolean optional =
        HeaderFields.of(header.toByteArray()).named("TLS-Required").stream()
            .anyMatch(field -> field.value().strip().equalsIgnoreCase("no"));
    return optional ? Outgoing.Tls.OPTIONAL : Outgoing.Tls.USUAL;
  }
}
