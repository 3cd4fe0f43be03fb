package hikyaku.server.directory;

import java.util.Locale;
import java.util.Optional;

/** Who may write to an alias. Others hear {@code 550 5.7.2} (RFC 3463 §3.8). */
public enum Writers {
  ANYONE,
  /** Accounts of the alias's own domain, logged in. */
  DOMAIN,
  /**
   * Those whom it leads to: accounts logged in, and addresses elsewhere by mail whose server may
   * send for their domain (SPF).
   */
  MEMBERS;

  /** As commands and the administration have it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<Writers> of(String word) {
    for (Writers each : values()) {
      if (each.word().equals(word)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }
}
