package hikyaku.protocol.address;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SaslPrepTest {
  /** RFC 4013 §3, and what else is made the same. */
  @ParameterizedTest
  @CsvSource({
    "I\u00adX, IX",
    "user, user",
    "USER, USER",
    "\u00aa, a",
    "\u2168, IX",
    "\uff42ob@demo.test, bob@demo.test",
    "a\u3000b, a b",
    "u\u0308, \u00fc",
    "\u0627\u0628, \u0627\u0628",
    "\u06271\u0628, \u06271\u0628",
    "\u0627@demo.test, \u0627@demo.test"
  })
  void namesAreMadeTheSame(String name, String prepared) {
    assertThat(SaslPrep.prepare(name)).contains(prepared);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\u00ad",
        "a\u0007",
        "a\u007f",
        "a\u0085",
        "\u06271",
        "1\u0627",
        "\u0627a\u0628",
        "a\u2028",
        "a\ue000",
        "a\ufffd",
        "a\ufdd0",
        "a\u200e",
        "a\u2ff0",
        "a\ud800",
        "a\u0378",
        "a\udb40\udc41"
      })
  void someAreNone(String name) {
    assertThat(SaslPrep.prepare(name)).isEmpty();
  }
}
