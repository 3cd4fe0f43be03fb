package hikyaku.server.directory;

import java.util.Optional;

/** What authenticates accounts. For {@code hikyaku.server.auth} and nobody else. */
public interface CredentialSource {

  /**
   * The account whose primary address this is, with its credentials. Asks the store as often for an
   * address that nobody has as for one that somebody has.
   */
  Optional<Known> find(Address address);

  /** As {@link #find}, with the foreign server that serves the address. */
  default Lookup look(Address address) {
    Optional<Known> known = find(address);
    return new Lookup(known, known.map(found -> found.account().routing().backend()).orElse(""));
  }

  /**
   * What an address leads to.
   *
   * @param known the account, if there is one here
   * @param backend the foreign server that serves it, whether there is an account here or not; or
   *     empty
   */
  record Lookup(Optional<Known> known, String backend) {
    /** Nobody, nowhere. */
    public static final Lookup NOBODY = new Lookup(Optional.empty(), "");
  }

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
