package hikyaku.stores.postgres;

import hikyaku.mailbox.store.StoreException;
import java.sql.SQLException;

/** What a failure reported by the driver means (PostgreSQL, appendix A: error codes). */
final class SqlFailure {
  static final String READ_ONLY = "25006";
  static final String UNIQUE = "23505";

  /** Our own: the commit was not confirmed by all who should have it. */
  static final String UNCONFIRMED = "08H01";

  private SqlFailure() {}

  /** Whether asking again may help. */
  static boolean passes(SQLException e) {
    String state = e.getSQLState();
    if (state == null) {
      return e.getCause() instanceof java.io.IOException;
    }
    return state.startsWith("08")
        || state.startsWith("40")
        || state.startsWith("53")
        || state.startsWith("57")
        || state.startsWith("58")
        || state.equals("55P03")
        || state.equals(READ_ONLY)
        || state.equals(UNIQUE);
  }

  /** Whether the connection is of no more use. */
  static boolean breaks(SQLException e) {
    String state = e.getSQLState();
    return state == null
        || state.startsWith("08")
        || state.startsWith("57")
        || state.startsWith("58")
        || state.equals(READ_ONLY);
  }

  /** For callers of the store. */
  static StoreException translate(String what, SQLException e) {
    String state = String.valueOf(e.getSQLState());
    if (state.equals("XX001") || state.equals("XX002")) {
      return new StoreException.Corrupt("the database is damaged: " + what, e);
    }
    return new StoreException.Unavailable(
        what + " has failed: " + e.getMessage() + " (" + state + ")", e);
  }
}
