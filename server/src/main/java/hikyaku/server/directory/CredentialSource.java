package hikyaku.server.directory;

import java.util.Optional;

/** What authenticates accounts. For {@code hikyaku.server.auth} and nobody else. */
public interface CredentialSource {

  /** The credentials of an account that exists; empty if it does not. */
  Optional<Credentials> credentials(String accountId);

  /**
   * Puts other keys for the same password in place of the account's, unless the account has changed
   * since.
   *
   * @param seen the version of the credentials the password was checked against
   * @return whether they were replaced
   */
  boolean rehash(String accountId, long seen, Credentials.Password replacement);
}
