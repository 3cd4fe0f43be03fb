package hikyaku.server.directory;

/** Turns passwords into what may be kept. Implemented where the cryptography is. */
public interface CredentialMaker {

  /**
   * Hashes a password.
   *
   * @param password UTF-8; not kept, not cleared
   * @throws DirectoryException.UnusablePassword if nobody could log in with it
   */
  Credentials.Password hash(byte[] password) throws DirectoryException.UnusablePassword;

  /**
   * Takes a hash that was made elsewhere.
   *
   * @param hash an Argon2id hash in the PHC string format
   * @throws DirectoryException.UnusablePassword if it is none, or costs more than is sane to check
   */
  Credentials.Password accept(String hash) throws DirectoryException.UnusablePassword;

  /**
   * Encrypts a shared secret.
   *
   * @throws DirectoryException.UnusablePassword if nobody could log in with it
   */
  Credentials.Sealed seal(String accountId, byte[] secret)
      throws DirectoryException.UnusablePassword;
}
