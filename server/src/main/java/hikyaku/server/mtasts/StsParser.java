package hikyaku.server.mtasts;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.server.mtasts.StsException.Kind;
import hikyaku.server.mtasts.StsPolicy.Mode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What DNS and policy hosts say, to policies. */
final class StsParser {
  /** Servers that a policy may name; every one of them is kept and compared. */
  static final int MOST_SERVERS = 200;

  /** About a year; what goes beyond counts as this (RFC 8461 §3.2). */
  static final Duration LONGEST = Duration.ofSeconds(31_557_600);

  private static final Pattern ID = Pattern.compile("id[ \\t]*=[ \\t]*([A-Za-z0-9]{1,32})");
  private static final Pattern ID_OF_ANY_KIND = Pattern.compile("(?s)id[ \\t]*=.*");
  private static final Pattern SERVER =
      Pattern.compile("(?:\\*\\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\\.)*[a-z0-9_][a-z0-9_-]{0,62}");
  private static final int LONGEST_NAME = 255;

  private StsParser() {}

  /**
   * The policy's id as DNS has it (RFC 8461 §3.1): the version stands first, the id and whatever
   * extensions there are behind it in any order. Nothing if the domain has no record, or more than
   * one, which counts as none; nor if that has not one id.
   *
   * @param texts those of {@code _mta-sts.DOMAIN}
   */
  static Optional<String> id(List<String> texts) {
    List<String> records =
        texts.stream().filter(text -> text.matches("(?s)v=STSv1[ \\t]*;.*")).toList();
    if (records.size() != 1) {
      return Optional.empty();
    }
    List<String> ids =
        Arrays.stream(records.getFirst().split(";"))
            .map(StsParser::withoutBlanks)
            .filter(field -> ID_OF_ANY_KIND.matcher(field).matches())
            .toList();
    if (ids.size() != 1) {
      return Optional.empty();
    }
    Matcher id = ID.matcher(ids.getFirst());
    return id.matches() ? Optional.of(id.group(1)) : Optional.empty();
  }

  private static String withoutBlanks(String field) {
    int start = 0;
    int end = field.length();
    while (start < end && isBlank(field.charAt(start))) {
      start++;
    }
    while (start < end && isBlank(field.charAt(end - 1))) {
      end--;
    }
    return field.substring(start, end);
  }

  private static boolean isBlank(char character) {
    return character == ' ' || character == '\t';
  }

  /**
   * Reads a policy as a policy host gives it (RFC 8461 §3.2).
   *
   * @throws StsException if it is none
   */
  static StsPolicy policy(byte[] octets) throws StsException {
    Map<String, String> fields = new LinkedHashMap<>();
    List<String> servers = new ArrayList<>();
    for (String line : new String(octets, UTF_8).split("\r?\n", -1)) {
      int colon = line.indexOf(':');
      if (colon < 0) {
        if (!line.isBlank()) {
          throw invalid("a line without a colon");
        }
        continue;
      }
      String key = line.substring(0, colon).strip();
      String value = line.substring(colon + 1).strip();
      if (key.equals("mx")) {
        servers.add(server(value));
        if (servers.size() > MOST_SERVERS) {
          throw invalid("more than " + MOST_SERVERS + " servers");
        }
      } else {
        // Of any other field the first one counts.
        fields.putIfAbsent(key, value);
      }
    }
    if (!"STSv1".equals(fields.get("version"))) {
      throw invalid("no version that is known");
    }
    Mode mode = mode(fields.getOrDefault("mode", ""));
    String age = fields.getOrDefault("max_age", "");
    if (!age.matches("[0-9]{1,10}")) {
      throw invalid("no max_age");
    }
    if (servers.isEmpty() && mode != Mode.NONE) {
      throw invalid("no mx");
    }
    long seconds = Math.min(Long.parseLong(age), LONGEST.toSeconds());
    return new StsPolicy(mode, servers, Duration.ofSeconds(seconds));
  }

  private static Mode mode(String word) throws StsException {
    for (Mode mode : Mode.values()) {
      if (mode.word().equals(word)) {
        return mode;
      }
    }
    throw invalid("no mode that is known");
  }

  private static String server(String value) throws StsException {
    String lower = value.toLowerCase(Locale.ROOT);
    if (!isServer(lower)) {
      throw invalid("an mx that is no name");
    }
    return lower;
  }

  /** Whether this is the name of a server, or a pattern of such, in lower case. */
  static boolean isServer(String lower) {
    return lower.length() <= LONGEST_NAME && SERVER.matcher(lower).matches();
  }

  private static StsException invalid(String what) {
    return new StsException(Kind.INVALID, "the policy has " + what);
  }
}
