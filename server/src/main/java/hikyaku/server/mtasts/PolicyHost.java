package hikyaku.server.mtasts;

/** Where domains keep their policies. */
@FunctionalInterface
public interface PolicyHost {
  /**
   * The policy of a domain as it is now.
   *
   * @throws StsException if it cannot be had
   */
  StsPolicy fetch(String domain) throws StsException;
}
