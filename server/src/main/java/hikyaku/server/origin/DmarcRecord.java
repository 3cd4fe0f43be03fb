package hikyaku.server.origin;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a domain asks for mail that is not from it (RFC 7489 §6.3, and what its successor has
 * changed: np, psd and t).
 *
 * @param policy for the domain itself
 * @param below for those below it
 * @param absent for those below it that do not exist
 * @param percent of the mail that the policy is for
 * @param suffix whether names below it are registered by others; empty if it does not say
 * @param testing whether it says to be tried out only ({@code t=y})
 * @param reports where aggregate reports are to go, as it says: URIs, not looked at
 */
record DmarcRecord(
    Policy policy,
    Policy below,
    Policy absent,
    boolean strictDkim,
    boolean strictSpf,
    int percent,
    Optional<Boolean> suffix,
    boolean testing,
    List<String> reports) {
  private static final Pattern VERSION = Pattern.compile("v[ \\t]*=[ \\t]*DMARC1[ \\t]*(;.*|)");

  /** RFC 3986 §3, as far as it tells one from none. */
  private static final Pattern URI = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:\\S+");

  private static final Pattern PERCENT = Pattern.compile("[0-9]{1,3}");

  /** In the order of how much they ask for. */
  enum Policy {
    NONE,
    QUARANTINE,
    REJECT;

    Policy weaker() {
      return this == REJECT ? QUARANTINE : NONE;
    }

    private static Optional<Policy> of(String written) {
      return switch (Text.lower(written)) {
        case "none" -> Optional.of(NONE);
        case "quarantine" -> Optional.of(QUARANTINE);
        case "reject" -> Optional.of(REJECT);
        default -> Optional.empty();
      };
    }
  }

  /** The one record among the texts of a name; two are as good as none. */
  static Optional<DmarcRecord> of(List<String> texts) {
    List<String> ours = texts.stream().filter(text -> VERSION.matcher(text).matches()).toList();
    return ours.size() == 1 ? parse(ours.getFirst()) : Optional.empty();
  }

  private static Optional<DmarcRecord> parse(String text) {
    TagList tags;
    try {
      tags = TagList.parse(text);
    } catch (BadRecordException e) {
      return Optional.empty();
    }
    List<String> reports =
        Stream.of(tags.get("rua", "").split(","))
            .map(Text::trim)
            .filter(u -> !u.isEmpty())
            .toList();
    boolean bad =
        Policy.of(tags.get("p", "")).isEmpty()
            || Stream.of("sp", "np")
                .flatMap(name -> Stream.ofNullable(tags.get(name)))
                .anyMatch(written -> Policy.of(written).isEmpty());
    if (bad && reports.stream().noneMatch(uri -> URI.matcher(uri).matches())) {
      return Optional.empty();
    }
    // RFC 9989 §4.10.1: a domain that wants reports and whose policy cannot be read wants no more.
    Policy policy = bad ? Policy.NONE : Policy.of(tags.get("p", "")).orElseThrow();
    Policy below = bad ? policy : Policy.of(tags.get("sp", "")).orElse(policy);
    Policy absent = bad ? policy : Policy.of(tags.get("np", "")).orElse(below);
    return Optional.of(
        new DmarcRecord(
            policy,
            below,
            absent,
            tags.get("adkim", "r").equalsIgnoreCase("s"),
            tags.get("aspf", "r").equalsIgnoreCase("s"),
            percent(tags),
            suffix(tags.get("psd", "u")),
            isTesting(tags),
            reports));
  }

  private static boolean isTesting(TagList tags) {
    return tags.get("t", "n").equalsIgnoreCase("y");
  }

  /** A policy that is being tried out is for nobody. */
  private static int percent(TagList tags) {
    if (isTesting(tags)) {
      return 0;
    }
    String written = tags.get("pct", "100");
    return PERCENT.matcher(written).matches() ? Math.min(100, Integer.parseInt(written)) : 100;
  }

  private static Optional<Boolean> suffix(String psd) {
    return switch (Text.lower(psd)) {
      case "y" -> Optional.of(true);
      case "n" -> Optional.of(false);
      default -> Optional.empty();
    };
  }
}
