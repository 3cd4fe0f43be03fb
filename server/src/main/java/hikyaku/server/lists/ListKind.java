package hikyaku.server.lists;

import java.util.Locale;
import java.util.Optional;

/** Who may write to a mailing list. */
public enum ListKind {
  /** Members and owners. */
  DISCUSSION,
  /** Owners; what others write waits until an owner has let it through. */
  MODERATED,
  /** Owners alone. */
  ANNOUNCEMENT;

  /** As commands and the administration have it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<ListKind> of(String word) {
    for (ListKind each : values()) {
      if (each.word().equals(word)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }
}
