package hikyaku.server.imap;

import hikyaku.mailbox.account.MailboxId;
import hikyaku.mailbox.log.Brief;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.view.Mailbox;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Lasting ids of mailboxes, messages and threads (RFC 8474). They are digests of what never
 * changes, so that nobody has to keep them and every node says the same.
 */
final class ObjectIds {
  /** Octets of the digest that an id tells: nobody finds two that are alike. */
  private static final int OCTETS = 20;

  private ObjectIds() {}

  /** The same that scripts know it by. */
  static String mailboxId(Mailbox mailbox) {
    return MailboxId.of(mailbox.log());
  }

  /**
   * Of all that a message keeps for ever: its octets and its internal date. Copies have the same
   * id, and so has what is appended twice.
   */
  static String emailId(NewMessage message) {
    MessageDigest digest = digest();
    digest.update(message.blob().id().sha256().asReadOnlyByteBuffer());
    digest.update(
        ByteBuffer.allocate(Long.BYTES + Integer.BYTES)
            .putLong(message.internalDate().seconds())
            .putInt(message.internalDate().offsetMinutes())
            .flip());
    digest.update(message.prefix().asReadOnlyByteBuffer());
    return id('M', digest.digest());
  }

  /**
   * Of the message that a message refers to first, which is as a rule the one that its thread began
   * with, or else of itself.
   *
   * @return null if it refers to none and has no Message-ID
   */
  static @Nullable String threadId(Brief brief) {
    String first = References.first(brief);
    return first == null
        ? null
        : id('T', digest().digest(first.getBytes(StandardCharsets.ISO_8859_1)));
  }

  private static String id(char kind, byte[] digest) {
    return kind + HexFormat.of().formatHex(digest, 0, OCTETS);
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
