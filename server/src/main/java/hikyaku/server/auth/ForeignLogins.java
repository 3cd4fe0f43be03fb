package hikyaku.server.auth;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Logs in at foreign servers, for accounts that are served there. Safe for use by many threads; may
 * block the calling virtual thread for seconds.
 */
public interface ForeignLogins {
  /** There are none. */
  ForeignLogins NONE =
      new ForeignLogins() {
        @Override
        public boolean needPasswords() {
          return false;
        }

        @Override
        public Optional<Door> door(String backend) {
          return Optional.empty();
        }
      };

  /**
   * Whether one of them wants the user's own password, which only some mechanisms show. As far as
   * is known without asking the store.
   */
  boolean needPasswords();

  /**
   * A foreign server; empty if nothing is known of it.
   *
   * @throws hikyaku.mailbox.store.StoreException if the store cannot say
   */
  Optional<Door> door(String backend);

  /** The way into one foreign server. */
  interface Door {
    /** Whether users are let in without their own password: they prove themselves here. */
    boolean hasMaster();

    /**
     * Logs a user in.
     *
     * @param context of the client; its service says which protocol is spoken
     * @param user the full address
     * @param password the user's own, or null with a master user
     */
    Answer enter(AuthContext context, String user, byte @Nullable [] password);
  }

  /** What the foreign server said. */
  sealed interface Answer {
    /** It let the user in. */
    record Admitted(ForeignSession session) implements Answer {}

    /** It refused, or cannot be reached: {@link LoginResult.Unavailable}. */
    record Refused(LoginResult.Refused why) implements Answer {}
  }
}
