package hikyaku.server.auth;

import java.util.List;
import java.util.Optional;

/**
 * Logs sessions in.
 *
 * <p>Safe for use by many threads. Methods that judge a login may park the calling virtual thread
 * for seconds (see {@code ThrottleSettings}); they return {@link LoginResult.Unavailable} when the
 * thread is interrupted, with its interrupt status set. They throw nothing, whatever the client
 * sent and whatever the store does.
 */
public interface Authenticator {

  /**
   * SASL mechanisms to advertise to this session, strongest first. It changes with TLS, so ask
   * again after STARTTLS.
   */
  List<String> mechanisms(AuthContext context);

  /**
   * Whether passwords may come as they are: PLAIN, LOGIN, and the login commands of IMAP and POP3.
   * If not, IMAP advertises LOGINDISABLED and POP3 leaves out USER.
   */
  boolean plainTextAllowed(AuthContext context);

  /** Whether POP3 should greet with a timestamp and take APOP. */
  boolean apopEnabled();

  /**
   * Logs in with a name and a password: IMAP LOGIN, POP3 USER and PASS.
   *
   * @param user a full address, or a local part in the default domain
   * @param password octets as the client sent them, meant as UTF-8; cleared when this returns
   */
  LoginResult login(AuthContext context, String user, byte[] password);

  /**
   * Logs in by APOP (RFC 1939 §7).
   *
   * @param timestamp as the greeting had it, angle brackets included
   * @param digest 32 hexadecimal digits
   */
  LoginResult apop(AuthContext context, String timestamp, String user, String digest);

  /**
   * Lets a session go on that was let in before, perhaps on another node: the account may still do
   * what it did. It keeps its place even beyond the limit of sessions, and is counted as no login.
   *
   * @param accountId of the account, and
   * @param epoch of its password, as the login had them
   * @return {@link LoginResult.BadCredentials} if the account is gone or its password is another
   *     one now; never {@link LoginResult.TooManySessions}
   */
  LoginResult resume(AuthContext context, String accountId, long epoch);

  /**
   * Starts a SASL exchange. A mechanism that is known but not for this session (no TLS) starts, and
   * says so at its first step before anything secret has been asked for.
   *
   * @param mechanism in any case
   * @return empty if there is no such mechanism: IMAP {@code NO [CANNOT]}, POP3 {@code -ERR}, SMTP
   *     {@code 504 5.5.4}
   */
  Optional<SaslExchange> start(AuthContext context, String mechanism);

  /**
   * Goes on with an exchange that waits for a response, perhaps to a challenge of another node. One
   * that is older than any login may take, or whose mechanism is not to be had here, says at its
   * next step that this is not possible now.
   *
   * @param exchange as {@link SaslExchange#state()} had it
   * @throws IllegalArgumentException if it is none
   */
  SaslExchange carryOn(AuthContext context, byte[] exchange);
}
