package hikyaku.server.published;

import hikyaku.server.dns.DnsException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Says whether what is published under a name will do. */
@FunctionalInterface
public interface Rule {
  /**
   * @param found at least one value
   * @param lookup for what a value leads to
   * @throws DnsException if nobody can say now what it leads to
   */
  boolean isRight(List<String> found, Lookup lookup) throws DnsException;

  /** Whether a single value will do. */
  @FunctionalInterface
  interface Single {
    boolean isRight(String found, Lookup lookup) throws DnsException;
  }

  /** One of them is this, whatever its numbers before the name and its case are. */
  static Rule names(String host) {
    return (found, _) ->
        found.stream().anyMatch(each -> last(each).equals(host.toLowerCase(Locale.ROOT)));
  }

  /** One of them leads to this port of this host. */
  static Rule leadsTo(int port, String host) {
    String end = " " + port + " " + host;
    return (found, _) -> found.stream().anyMatch(each -> lower(each).endsWith(lower(end)));
  }

  /**
   * Exactly one of them begins with this version, and that one is right: two SPF or DMARC records
   * count as none (RFC 7208 §4.5, RFC 7489 §6.6.3).
   */
  static Rule single(String version, Predicate<String> right) {
    return single(version, (found, _) -> right.test(found));
  }

  /** The same, where what it leads to matters. */
  static Rule single(String version, Single right) {
    return (found, lookup) -> {
      List<String> of = found.stream().filter(each -> isOf(version, each)).toList();
      return of.size() == 1 && right.isRight(of.getFirst(), lookup);
    };
  }

  /** Whether a text record is of this version, as {@code v=spf1}. */
  static boolean isOf(String version, String text) {
    String lower = lower(text);
    return lower.equals(version)
        || (lower.startsWith(version) && " ;\t".indexOf(lower.charAt(version.length())) >= 0);
  }

  /** The tags of a record, names in lower case, values without any white space (RFC 6376 §3.2). */
  static Map<String, String> tags(String text) {
    Map<String, String> tags = new TreeMap<>();
    for (String tag : text.split(";")) {
      int equals = tag.indexOf('=');
      if (equals > 0) {
        tags.putIfAbsent(
            lower(tag.substring(0, equals).strip()),
            tag.substring(equals + 1).replaceAll("\\s", ""));
      }
    }
    return tags;
  }

  /** The only record there is has the same key, of the same kind. */
  static Rule key(String record) {
    Map<String, String> ours = tags(record);
    return (found, _) -> {
      if (found.size() != 1) {
        return false;
      }
      Map<String, String> theirs = tags(found.getFirst());
      return theirs.getOrDefault("p", "").equals(ours.get("p"))
          && theirs.getOrDefault("k", "rsa").equals(ours.get("k"))
          && Arrays.asList(theirs.getOrDefault("h", "sha256").split(":")).contains("sha256");
    };
  }

  private static String last(String value) {
    return lower(value.substring(value.lastIndexOf(' ') + 1));
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
