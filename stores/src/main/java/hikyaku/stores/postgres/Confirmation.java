package hikyaku.stores.postgres;

import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;

/**
 * Looks whether a commit was confirmed by all that should have it.
 *
 * <p>When the wait for a synchronous standby is cancelled, PostgreSQL answers as if all were well,
 * with a warning beside it; yet a failover would lose the commit.
 */
final class Confirmation {
  private Confirmation() {}

  static void require(Statement statement) throws SQLException {
    for (SQLWarning w = statement.getWarnings(); w != null; w = w.getNextWarning()) {
      String state = String.valueOf(w.getSQLState());
      if (!state.startsWith("00")) {
        throw new SQLException(
            "the commit is not confirmed: " + w.getMessage(), SqlFailure.UNCONFIRMED, w);
      }
    }
  }
}
