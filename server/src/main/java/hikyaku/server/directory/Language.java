package hikyaku.server.directory;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** A language in which people are told things; its name is its tag (RFC 5646). */
public enum Language {
  EN,
  JA;

  /** As {@code Content-Language} has it (RFC 3282). */
  public String tag() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** That of a tag, whatever region or script is named behind it; empty if it is another one. */
  public static Optional<Language> of(String tag) {
    String language = tag.split("-", 2)[0].strip().toLowerCase(Locale.ROOT);
    return Arrays.stream(values()).filter(each -> each.tag().equals(language)).findFirst();
  }
}
