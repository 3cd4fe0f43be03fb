package hikyaku.server.directory;

import java.util.Optional;

/** What authenticates accounts. For {@code hikyaku.server.auth} and nobody else. */
public interface CredentialSource {

  /**
   * The account whose primary address this is, with its credentials. Asks the store as often for an
   * address that nobody has as for one that somebody has.
   */
  Optional<Known> find(Address address);

  /** The account with this id, for a session that was let in before. */
  Optional<Known> known(String accountId);

  /** An account and what it is authenticated by, as they were at one moment. */
  record Known(Account account, Credentials credentials) {}

  /**
   * Puts other keys for the same password in place of the account's, unless the account has changed
   * since.
   *
   * @param seen the version of the credentials the password was checked against
   * @return whether they were replaced
   */
  boolean rehash(String accountId, long seen, Credentials.Password replacement);
}
