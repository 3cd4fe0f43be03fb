package hikyaku.server.lists;

import hikyaku.server.dkim.Signer;
import java.io.IOException;

/** Foretells what others make of mail that a list sends on. Safe for many threads. */
@FunctionalInterface
public interface Forgery {
  /** Nobody takes anything for forged. */
  Forgery NEVER = (_, _) -> false;

  /**
   * Whether a message will be taken for forged: its author's domain asks for that, and nothing will
   * prove that it is from there. True if that cannot be found out.
   *
   * @param domain the list's
   * @param message as it will go out, but for the list's own signatures
   */
  boolean isSuspected(String domain, Signer.Content message) throws IOException;
}
