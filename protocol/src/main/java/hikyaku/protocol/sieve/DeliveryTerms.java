package hikyaku.protocol.sieve;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an envelope has beside addresses (RFC 6009): of the message that came, or of one that is
 * sent on.
 *
 * @param notifyOn {@code NEVER}, or some of {@code SUCCESS}, {@code FAILURE} and {@code DELAY} (RFC
 *     3461 §4.1)
 * @param orcpt the recipient that was meant, with the type of its address, decoded (RFC 3461 §4.2)
 * @param ret {@code FULL} or {@code HDRS} (RFC 3461 §4.3)
 * @param envid what the sender calls the transaction, decoded (RFC 3461 §4.4)
 * @param by RFC 2852 §4
 */
public record DeliveryTerms(
    Optional<List<String>> notifyOn,
    Optional<String> orcpt,
    Optional<String> ret,
    Optional<String> envid,
    Optional<By> by) {
  public static final DeliveryTerms NONE =
      new DeliveryTerms(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  /** When somebody wants to be told, but for never. */
  private static final Set<String> MOMENTS = Set.of("SUCCESS", "FAILURE", "DELAY");

  /**
   * Within what time a message is to be there.
   *
   * @param seconds from now; not positive for one that is late already
   * @param returned whether it is given up then; else its sender is told
   * @param trace whether its sender is told of each server on the way
   */
  public record By(long seconds, boolean returned, boolean trace) {
    /** Nine digits. */
    public static final long LONGEST = 999_999_999;

    private static final Pattern MAIL = Pattern.compile("([+-]?[0-9]{1,9});([RN])(T?)");

    /** As MAIL has it; nothing for all else. */
    public static Optional<By> parse(String text) {
      Matcher said = MAIL.matcher(text);
      return said.matches()
          ? Optional.of(
              new By(
                  Long.parseLong(said.group(1)),
                  said.group(2).equals("R"),
                  !said.group(3).isEmpty()))
          : Optional.empty();
    }

    /** As in MAIL. */
    @Override
    public String toString() {
      return seconds + ";" + (returned ? "R" : "N") + (trace ? "T" : "");
    }
  }

  /**
   * The same with one more.
   *
   * @param name as MAIL and RCPT call it, in any case
   * @return nothing if it has no such value
   */
  public Optional<DeliveryTerms> with(String name, String value) {
    Optional<String> given = Optional.of(value);
    return switch (name.toUpperCase(Locale.ROOT)) {
      case "NOTIFY" ->
          notifyOn(value).map(each -> new DeliveryTerms(Optional.of(each), orcpt, ret, envid, by));
      case "ORCPT" -> Optional.of(new DeliveryTerms(notifyOn, given, ret, envid, by));
      case "RET" ->
          ret(value).map(each -> new DeliveryTerms(notifyOn, orcpt, Optional.of(each), envid, by));
      case "ENVID" -> Optional.of(new DeliveryTerms(notifyOn, orcpt, ret, given, by));
      case "BY" ->
          By.parse(value)
              .map(each -> new DeliveryTerms(notifyOn, orcpt, ret, envid, Optional.of(each)));
      default -> Optional.empty();
    };
  }

  /** A list as NOTIFY has it, in any case; nothing if it is none. */
  public static Optional<List<String>> notifyOn(String text) {
    List<String> moments =
        Arrays.stream(text.toUpperCase(Locale.ROOT).split(",", -1)).distinct().toList();
    return moments.equals(List.of("NEVER")) || MOMENTS.containsAll(moments)
        ? Optional.of(moments)
        : Optional.empty();
  }

  /** What RET may be, in any case; nothing for all else. */
  public static Optional<String> ret(String text) {
    return Optional.of(text.toUpperCase(Locale.ROOT))
        .filter(each -> each.equals("FULL") || each.equals("HDRS"));
  }

  /** As MAIL and RCPT have it; empty for none. */
  @Override
  public String toString() {
    return notifyOn.map(each -> " NOTIFY=" + String.join(",", each)).orElse("")
        + orcpt.map(each -> " ORCPT=" + each).orElse("")
        + ret.map(each -> " RET=" + each).orElse("")
        + envid.map(each -> " ENVID=" + each).orElse("")
        + by.map(each -> " BY=" + each).orElse("");
  }
}
