package hikyaku.server.auth;

import hikyaku.server.directory.CredentialSource.Known;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a client has shown to prove who it is. */
interface Proof {
  /**
   * Whether it is the account's. Does the same work if there is no account, and then says no.
   *
   * @throws NotNowException if we cannot tell now
   */
  boolean matches(Optional<Known> known) throws NotNowException, InterruptedException;

  /** The password itself, which stays the client's; null if the proof does not show it. */
  default byte @Nullable [] password() {
    return null;
  }

  /** By which a repeated wrong password is known again; null if the proof does not show it. */
  default byte @Nullable [] fingerprint(String name) {
    return null;
  }
}
