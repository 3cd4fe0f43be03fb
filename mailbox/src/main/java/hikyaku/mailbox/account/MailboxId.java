package hikyaku.mailbox.account;

import hikyaku.mailbox.store.LogName;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The id by which clients and scripts know a mailbox for ever (RFC 8474 §4.1, RFC 9042). */
public final class MailboxId {
  /** Octets of the digest that an id tells: nobody finds two that are alike. */
  private static final int OCTETS = 20;

  private MailboxId() {}

  /** Of the name of the mailbox's log, which no other mailbox ever has. */
  public static String of(LogName log) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(log.value().getBytes(StandardCharsets.UTF_8));
      return "F" + HexFormat.of().formatHex(digest, 0, OCTETS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
