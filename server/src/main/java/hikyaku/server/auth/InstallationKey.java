package hikyaku.server.auth;

/** A secret of this installation, from which keys for each purpose are derived. */
@FunctionalInterface
public interface InstallationKey {
  /**
   * A key of 32 octets, always the same for a purpose.
   *
   * @param purpose an ASCII label
   */
  byte[] derive(String purpose);
}
