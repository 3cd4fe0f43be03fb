package hikyaku.server.lists;

import java.util.Locale;
import java.util.Optional;

/** Whom a list says that its mail is from. */
public enum AuthorField {
  /**
   * The author, and the list where others would take that for forged: the author's domain wants
   * what is not proven to be from it refused or set apart (DMARC), and no signature proves it.
   */
  REWRITE_IF_NEEDED,
  /** The author, whatever becomes of it. */
  KEEP;

  /** As commands and the administration have it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public static Optional<AuthorField> of(String word) {
    for (AuthorField each : values()) {
      if (each.word().equals(word)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }
}
