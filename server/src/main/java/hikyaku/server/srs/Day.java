package hikyaku.server.srs;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Locale;

/** Days since 1970 in two letters, which come again after 1024 days. */
final class Day {
  static final String BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

  private static final int CYCLE = BASE32.length() * BASE32.length();

  private Day() {}

  private static int number(Instant now) {
    return (int) Math.floorMod(now.atOffset(ZoneOffset.UTC).toLocalDate().toEpochDay(), CYCLE);
  }

  static String written(Instant now) {
    int day = number(now);
    return "" + BASE32.charAt(day / BASE32.length()) + BASE32.charAt(day % BASE32.length());
  }

  /**
   * Days that have passed since then; -1 for tomorrow, since clocks of nodes may differ.
   *
   * @param written two letters of base 32, in any case
   */
  static int age(String written, Instant now) {
    String upper = written.toUpperCase(Locale.ROOT);
    int day = BASE32.indexOf(upper.charAt(0)) * BASE32.length() + BASE32.indexOf(upper.charAt(1));
    int age = Math.floorMod(number(now) - day, CYCLE);
    return age == CYCLE - 1 ? -1 : age;
  }
}
