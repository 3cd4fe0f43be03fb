package hikyaku.server.auth;

import org.jspecify.annotations.Nullable;

/**
 * One SASL exchange (RFC 4422), seen from the server. Octets are as they are before base64. Used by
 * one thread; first {@link #begin}, then {@link #respond} until the answer is {@link Step.Done}.
 *
 * <p>When the client cancels ({@code *}), the server closes the exchange and gives its protocol's
 * reply (IMAP {@code BAD}, POP3 {@code -ERR}, SMTP {@code 501 5.7.0}).
 */
public interface SaslExchange extends AutoCloseable {
  /**
   * Octets that a response may have before base64. 12288, the least that RFC 4954 §4 lets a server
   * take; a longer one is for the server to refuse (SMTP {@code 500 5.5.6}, else as {@link
   * LoginResult.Malformed}).
   */
  int MAX_RESPONSE = 12_288;

  /**
   * The first step.
   *
   * @param initialResponse what came with the command, empty for {@code =}; null if nothing came
   */
  Step begin(byte @Nullable [] initialResponse);

  /** The client's answer to the last challenge. The array is cleared. */
  Step respond(byte[] response);

  /**
   * Whether the challenge at hand is data that goes with success, and the client is to answer it
   * with nothing. A protocol that has a place for such data (RFC 4422 §3.6) sends it there and
   * answers in the client's place.
   */
  default boolean isLast() {
    return false;
  }

  /**
   * Where the exchange stands, for {@link Authenticator#carryOn}: perhaps another node takes the
   * response. Nothing in it is secret. Only behind a {@link Step.Challenge}.
   */
  byte[] state();

  /** Forgets what is secret. Does nothing to a login that has succeeded. */
  @Override
  void close();

  /** What the server does next. */
  sealed interface Step {
    /**
     * Send this to the client as a continuation, in base64 (possibly of nothing), and hand its
     * answer to {@link #respond}.
     */
    record Challenge(byte[] octets) implements Step {}

    /** The exchange is over. */
    record Done(LoginResult result) implements Step {}
  }
}
