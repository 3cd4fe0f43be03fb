package hikyaku.server.auth;

import hikyaku.server.directory.Address;
import java.util.Optional;

/** User names as clients type them, and the addresses that they mean. */
final class UserNames {
  /** Characters of a name by which failures are counted. More than any address has. */
  private static final int KEY_LENGTH = 330;

  /** Characters of a refused name in the log: enough to see a typing error. */
  private static final int LOG_LENGTH = 40;

  private final Optional<String> defaultDomain;

  UserNames(Optional<String> defaultDomain) {
    this.defaultDomain = defaultDomain;
  }

  /** The address: the name itself, or a local part in the default domain. */
  Optional<Address> address(String user) {
    return user.indexOf('@') >= 0
        ? Address.parse(user)
        : defaultDomain.flatMap(domain -> Address.of(user, domain));
  }

  /** One key for all spellings of a name. */
  String key(String user) {
    return address(user)
        .map(Address::toString)
        .orElseGet(() -> "?" + user.substring(0, Math.min(user.length(), KEY_LENGTH)));
  }

  /**
   * What may be logged of a name that was refused: it may be a password typed a field too early.
   */
  static String forLog(String user) {
    StringBuilder safe = new StringBuilder();
    user.codePoints()
        .limit(LOG_LENGTH)
        .map(c -> c >= ' ' && c < 127 && c != '"' && c != '\\' ? c : '?')
        .forEach(safe::appendCodePoint);
    return user.codePointCount(0, user.length()) > LOG_LENGTH
        ? safe.append("...").toString()
        : safe.toString();
  }
}
