package hikyaku.server.origin;

import java.net.IDN;
import java.util.Optional;

/** Names of domains as they are compared: A-labels in small letters, without the final dot. */
final class DomainName {
  private static final int LONGEST = 253;
  private static final int LONGEST_LABEL = 63;

  private DomainName() {}

  /** Nothing if there can be no such domain, or it has one label only, as addresses do not. */
  static Optional<String> of(String written) {
    String name = written.endsWith(".") ? written.substring(0, written.length() - 1) : written;
    if (!name.chars().allMatch(c -> c < 128)) {
      try {
        name = IDN.toASCII(name);
      } catch (IllegalArgumentException e) {
        return Optional.empty();
      }
    }
    return isName(name) && name.indexOf('.') > 0 ? Optional.of(Text.lower(name)) : Optional.empty();
  }

  private static boolean isName(String name) {
    if (name.isEmpty() || name.length() > LONGEST || name.startsWith("[")) {
      return false;
    }
    int start = 0;
    for (int i = 0; i <= name.length(); i++) {
      if (i == name.length() || name.charAt(i) == '.') {
        if (i == start || i - start > LONGEST_LABEL) {
          return false;
        }
        start = i + 1;
      } else if (name.charAt(i) <= ' ' || name.charAt(i) > '~') {
        return false;
      }
    }
    return true;
  }

  static boolean isBelowOrSame(String name, String parent) {
    return name.equals(parent) || name.endsWith("." + parent);
  }

  static int labels(String name) {
    return 1 + (int) name.chars().filter(c -> c == '.').count();
  }

  /** The last labels of a name. */
  static String last(String name, int labels) {
    int at = name.length();
    for (int i = 0; i < labels && at >= 0; i++) {
      at = name.lastIndexOf('.', at - 1);
    }
    return at < 0 ? name : name.substring(at + 1);
  }
}
