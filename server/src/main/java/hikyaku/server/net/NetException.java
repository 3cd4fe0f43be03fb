package hikyaku.server.net;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What can go wrong with a connection below the protocol. A protocol lets these pass through {@link
 * Protocol#serve}; only {@link ReadTimeout} leaves a connection that can still be written to.
 */
public sealed class NetException extends IOException {
  private final CloseReason reason;

  private NetException(CloseReason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** How the end of the session is reported when this ends it. */
  public CloseReason reason() {
    return reason;
  }

  /**
   * The client sent nothing within {@link Connection#setReadTimeout}, or a command took longer than
   * {@link NetLimits#command()}; a last reply may be sent.
   */
  public static final class ReadTimeout extends NetException {
    ReadTimeout() {
      super(CloseReason.READ_TIMEOUT, "no input within the read timeout", null);
    }
  }

  /** The client took no output within {@link NetLimits#write()}; the connection is closed. */
  public static final class WriteTimeout extends NetException {
    WriteTimeout(Throwable cause) {
      super(CloseReason.WRITE_TIMEOUT, "output not taken within the write timeout", cause);
    }
  }

  /** TLS failed: in the handshake, or by a record that does not decrypt. */
  public static final class TlsFailure extends NetException {
    TlsFailure(String message, @Nullable Throwable cause) {
      super(CloseReason.TLS_FAILED, message, cause);
    }
  }

  /** The input is not a raw deflate stream. */
  public static final class CompressionFailure extends NetException {
    CompressionFailure(String message, @Nullable Throwable cause) {
      super(CloseReason.COMPRESSION_FAILED, message, cause);
    }
  }

  /** Closed from our side while the session was busy. */
  public static final class Closed extends NetException {
    Closed(CloseReason reason, @Nullable Throwable cause) {
      super(reason, "closed by the server", cause);
    }
  }
}
