package hikyaku.mailbox.store;

import org.jspecify.annotations.Nullable;

/**
 * Why the store could not do what was asked. A {@link Conflict} is no exception: it is an answer.
 *
 * <p>Protocol servers turn any of these into a temporary refusal (IMAP NO [UNAVAILABLE], SMTP 451
 * 4.3.0, POP3 -ERR [SYS/TEMP]); the message is for the operator's log and never for the wire.
 */
public sealed class StoreException extends RuntimeException {
  private StoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /**
   * The engine cannot serve now: disk full, stopped, out of reach. The outcome of a write that was
   * under way is unknown; repeating it under its idempotency key is safe.
   */
  public static final class Unavailable extends StoreException {
    public Unavailable(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** A record does not pass its checksum or cannot be decoded. Other records are not affected. */
  public static final class Corrupt extends StoreException {
    public Corrupt(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** A blob that was asked for is not there. */
  public static final class BlobMissing extends StoreException {
    public BlobMissing(BlobId id) {
      super("no blob " + id, null);
    }
  }
}
