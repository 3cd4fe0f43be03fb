package hikyaku.server.auth;

import hikyaku.server.directory.Account;
import org.jspecify.annotations.Nullable;

/**
 * What became of a login. Each refusal names the replies it must have, in IMAP (RFC 9051 §7.1),
 * POP3 (RFC 2449, 3206) and SMTP (RFC 4954 §6); {@link Refused#text} is the sentence to put behind
 * the code. Only {@link BadCredentials} makes a client ask for the password again.
 */
public sealed interface LoginResult {

  /**
   * Logged in. IMAP tagged {@code OK [CAPABILITY …]}, POP3 {@code +OK}, SMTP {@code 235 2.7.0}.
   *
   * @param account not suspended, and allowed this service
   * @param epoch of the account's password, for {@link Authenticator#resume}
   * @param lease to close when the session ends
   * @param elsewhere the session at a foreign server that serves this one, or null; its owner
   *     closes it with the lease
   */
  record Success(Account account, long epoch, LoginLease lease, @Nullable ForeignSession elsewhere)
      implements LoginResult {
    /** One that is served here. */
    public Success(Account account, long epoch, LoginLease lease) {
      this(account, epoch, lease, null);
    }
  }

  /** Not logged in; the session goes on unless it says otherwise. */
  sealed interface Refused extends LoginResult {
    /** For the client, in ASCII, without a code and without a line end. */
    String text();

    /** The same for one that was let in before and may not go on. */
    default String goodbye() {
      return text();
    }
  }

  /**
   * No such user, or not the password, without telling which.
   *
   * <p>IMAP {@code NO [AUTHENTICATIONFAILED]}, POP3 {@code -ERR [AUTH]}, SMTP {@code 535 5.7.8}.
   */
  record BadCredentials() implements Refused {
    @Override
    public String text() {
      return "Name or password not accepted";
    }

    @Override
    public String goodbye() {
      return "The account has changed, log in again";
    }
  }

  /**
   * The password is right, the account or its domain suspended.
   *
   * <p>IMAP {@code NO [CONTACTADMIN]}, POP3 {@code -ERR [SYS/PERM]}, SMTP {@code 525 5.7.13}.
   */
  record Suspended() implements Refused {
    @Override
    public String text() {
      return "This account is suspended";
    }
  }

  /**
   * The password is right, but the account may not do this: it may not use the service, or it asked
   * to act as another user (RFC 4616 authzid).
   *
   * <p>IMAP {@code NO [AUTHORIZATIONFAILED]}, POP3 {@code -ERR [SYS/PERM]}, SMTP {@code 535 5.7.1}.
   */
  record NotAuthorized() implements Refused {
    @Override
    public String text() {
      return "This account may not use this service";
    }
  }

  /**
   * A password was about to cross the wire in the clear. Nothing was checked.
   *
   * <p>IMAP {@code NO [PRIVACYREQUIRED]}, POP3 {@code -ERR [SYS/PERM]}, SMTP {@code 538 5.7.11}.
   */
  record TlsRequired() implements Refused {
    @Override
    public String text() {
      return "TLS is required first";
    }
  }

  /**
   * Too many failures of this account or from this address. Nothing was checked. The session should
   * end.
   *
   * <p>IMAP {@code NO [UNAVAILABLE]} then BYE, POP3 {@code -ERR [SYS/TEMP]}, SMTP {@code 421
   * 4.7.0}.
   */
  record Throttled() implements Refused {
    @Override
    public String text() {
      return "Too many failed logins, try again later";
    }
  }

  /**
   * The password is right, and the account has as many sessions as it may.
   *
   * <p>IMAP {@code NO [LIMIT]}, POP3 {@code -ERR [SYS/TEMP]}, SMTP {@code 421 4.7.0}.
   */
  record TooManySessions() implements Refused {
    @Override
    public String text() {
      return "Too many sessions of this account";
    }
  }

  /**
   * We cannot tell now: the store is out of reach, or too many logins are waiting.
   *
   * <p>IMAP {@code NO [UNAVAILABLE]}, POP3 {@code -ERR [SYS/TEMP]}, SMTP {@code 454 4.7.0}.
   */
  record Unavailable() implements Refused {
    @Override
    public String text() {
      return "Login is not possible now, try again later";
    }
  }

  /**
   * What the client sent is not of the mechanism's form.
   *
   * <p>IMAP {@code BAD}, POP3 {@code -ERR}, SMTP {@code 501 5.5.2}.
   */
  record Malformed() implements Refused {
    @Override
    public String text() {
      return "Malformed authentication message";
    }
  }
}
