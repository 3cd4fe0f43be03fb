package hikyaku.protocol.sieve;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What {@code envelope} looks at (RFC 5228 §5.4, RFC 6009 §4, §5). */
enum EnvelopePart {
  FROM(null),
  TO(null),
  NOTIFY(Extension.ENVELOPE_DSN),
  ORCPT(Extension.ENVELOPE_DSN),
  RET(Extension.ENVELOPE_DSN),
  ENVID(Extension.ENVELOPE_DSN),
  BYTIMEABSOLUTE(Extension.ENVELOPE_DELIVERBY),
  BYTIMERELATIVE(Extension.ENVELOPE_DELIVERBY),
  BYMODE(Extension.ENVELOPE_DELIVERBY),
  BYTRACE(Extension.ENVELOPE_DELIVERBY);

  private final @Nullable Extension extension;

  EnvelopePart(@Nullable Extension extension) {
    this.extension = extension;
  }

  /** What a script must require for it, beside {@code envelope}. */
  @Nullable Extension extension() {
    return extension;
  }

  boolean isAddress() {
    return this == FROM || this == TO;
  }

  /** By its name, in any case. */
  static Optional<EnvelopePart> of(String name) {
    String lower = Collation.asciiLower(name);
    return Arrays.stream(values())
        .filter(each -> Collation.asciiLower(each.name()).equals(lower))
        .findFirst();
  }
}
