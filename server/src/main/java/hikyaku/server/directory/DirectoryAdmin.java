package hikyaku.server.directory;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Changes who exists. What a method did is durable when it returns. Every method may throw {@link
 * hikyaku.mailbox.store.StoreException}; what became of the change is then unknown, and asking
 * again is safe.
 *
 * <p>Passwords and secrets are UTF-8 octets; the caller clears its array afterwards.
 */
public interface DirectoryAdmin {

  Domain createDomain(String name, DomainSettings settings) throws DirectoryException;

  void setDomainSettings(String name, DomainSettings settings) throws DirectoryException;

  void setDomainSuspended(String name, boolean suspended) throws DirectoryException;

  /**
   * Takes a domain away.
   *
   * @throws DirectoryException.DomainNotEmpty if it has accounts or aliases left
   */
  void removeDomain(String name) throws DirectoryException;

  /** Names or unnames an account of the domain as one that looks after it. */
  void setDomainAdmin(String name, String accountId, boolean admin) throws DirectoryException;

  /**
   * Makes an account, allowed to use every service.
   *
   * @param password null for an account that cannot log in until it is given one
   * @throws DirectoryException.AlreadyExists if the address is taken
   */
  Account createAccount(Address address, byte @Nullable [] password) throws DirectoryException;

  /**
   * Makes an account with the hash of a password, as another server kept it. Keys for SCRAM come
   * with its first login that shows the password itself.
   *
   * @param hash an Argon2id hash in the PHC string format
   * @throws DirectoryException.AlreadyExists if the address is taken
   */
  Account createAccountWithHash(Address address, String hash) throws DirectoryException;

  /** The account is gone and its address free. Its mailboxes are the caller's to remove. */
  void removeAccount(String id) throws DirectoryException;

  void setPassword(String id, byte[] password) throws DirectoryException;

  /**
   * Gives the account a secret for APOP and CRAM-MD5, kept encrypted because these two need it as
   * it is; null takes it away.
   */
  void setSharedSecret(String id, byte @Nullable [] secret) throws DirectoryException;

  /** Sets a quota of its own; empty for that of its domain. */
  void setQuota(String id, Optional<Quota> quota) throws DirectoryException;

  void setSuspended(String id, boolean suspended) throws DirectoryException;

  void setServices(String id, Set<Service> services) throws DirectoryException;

  /** Sets where its sessions are served; what is empty is as its domain says. */
  void setRouting(String id, Routing routing) throws DirectoryException;

  void setDisplayName(String id, String name) throws DirectoryException;

  /**
   * Makes an alias, or changes all of it.
   *
   * @throws DirectoryException.AlreadyExists if the address is an account's
   */
  void setAlias(Address address, List<Address> targets, Writers writers) throws DirectoryException;

  /** An alias that anyone may write to. */
  default void setAlias(Address address, List<Address> targets) throws DirectoryException {
    setAlias(address, targets, Writers.ANYONE);
  }

  /**
   * Lets an alias lead to more, and no longer to some; others may change it meanwhile.
   *
   * @return what it is then
   * @throws DirectoryException.InvalidAddress if it would lead nowhere
   */
  Directory.Alias changeAlias(Address address, List<Address> added, List<Address> removed)
      throws DirectoryException;

  void removeAlias(Address address) throws DirectoryException;

  /**
   * Gives a free address to a mailing list; nothing is done if it has it already.
   *
   * @throws DirectoryException.AlreadyExists if it is an account's or an alias
   */
  void createList(Address address) throws DirectoryException;

  /** Frees the address of a mailing list, if it is one. */
  void removeList(Address address);
}
