package hikyaku.server.dkim;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** What tells a domain's keys apart in DNS (RFC 6376 §3.1). */
final class Selector {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  /** Characters of a name in DNS. */
  private static final int LONGEST_NAME = 253;

  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("yyyyMMdd", Locale.ROOT).withZone(ZoneOffset.UTC);

  private Selector() {}

  /**
   * The selector in its one spelling.
   *
   * @throws DkimException if it cannot stand in DNS with this domain
   */
  static String checked(String selector, String domain) throws DkimException {
    String lower = selector.toLowerCase(Locale.ROOT);
    for (String label : lower.split("\\.", -1)) {
      if (!LABEL.matcher(label).matches()) {
        throw new DkimException(
            "a selector has letters, digits and hyphens, with dots between, not \""
                + selector
                + "\"");
      }
    }
    if (DkimKey.recordName(lower, domain).length() > LONGEST_NAME) {
      throw new DkimException("the selector is too long for a name in DNS with " + domain);
    }
    return lower;
  }

  /** One that says when the key was made and by which algorithm it signs. */
  static String dated(Instant now, Algorithm algorithm, Predicate<String> taken) {
    String first = DAY.format(now) + (algorithm == Algorithm.RSA ? "r" : "e");
    String selector = first;
    for (int i = 2; taken.test(selector); i++) {
      selector = first + i;
    }
    return selector;
  }
}
