package hikyaku.server.auth;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The SASL mechanisms, strongest first. */
enum Mechanism {
  SCRAM_SHA_256_PLUS("SCRAM-SHA-256-PLUS", false),
  SCRAM_SHA_256("SCRAM-SHA-256", false),
  CRAM_MD5("CRAM-MD5", false),
  PLAIN("PLAIN", true),
  LOGIN("LOGIN", true);

  /** As the IANA registry has it. */
  final String wireName;

  /** Whether the password itself crosses the wire. */
  final boolean plainText;

  Mechanism(String wireName, boolean plainText) {
    this.wireName = wireName;
    this.plainText = plainText;
  }

  /** The mechanism of a name, in any case as far as it is ASCII. */
  static Optional<Mechanism> named(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(each -> each.wireName.equals(upper) && name.chars().allMatch(c -> c < 128))
        .findFirst();
  }
}
