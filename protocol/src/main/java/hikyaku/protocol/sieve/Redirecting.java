package hikyaku.protocol.sieve;

import hikyaku.protocol.sieve.Command.Redirect;
import hikyaku.protocol.sieve.DeliveryTerms.By;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What {@code redirect} says of reports and of time (RFC 6009 §6, §7). */
final class Redirecting {
  /** RFC 3339 §5.6; a zone without its colon too, as the example of RFC 6009 §7.2 makes it. */
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder()
          .parseCaseInsensitive()
          .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
          .appendPattern("[XXX][XX]")
          .toFormatter(Locale.ROOT);

  private final Surroundings surroundings;
  private final Run run;

  Redirecting(Surroundings surroundings, Run run) {
    this.surroundings = surroundings;
    this.run = run;
  }

  // ---- in a script

  /** What the tags of a command say of it. */
  record Tags(@Nullable Template notifyOn, @Nullable Template ret, Redirect.@Nullable By by) {}

  static Tags tags(Node node, Arguments arguments) throws SieveException {
    Template notifyOn = arguments.tagged("notify", Extension.REDIRECT_DSN);
    Template ret = arguments.tagged("ret", Extension.REDIRECT_DSN);
    check(node, notifyOn, DeliveryTerms.notifyOn(text(notifyOn)).isPresent(), NOTIFY);
    check(node, ret, DeliveryTerms.ret(text(ret)).isPresent(), RET);
    return new Tags(notifyOn, ret, by(node, arguments));
  }

  private static final String NOTIFY =
      ":notify is NEVER, or some of SUCCESS, FAILURE and DELAY with commas between them";
  private static final String RET = ":ret is FULL or HDRS";
  private static final String MODE = ":bymode is \"notify\" or \"return\"";
  private static final String ABSOLUTE = ":bytimeabsolute is a time such as 2026-12-01T22:00:00Z";

  private static String text(@Nullable Template template) {
    return template == null ? "" : template.constant().orElse("");
  }

  /** Of what is the same in every run. */
  private static void check(Node node, @Nullable Template value, boolean valid, String sentence)
      throws SieveException {
    if (value != null && value.constant().isPresent() && !valid) {
      throw new SieveException(node.at(), sentence);
    }
  }

  private static Redirect.@Nullable By by(Node node, Arguments arguments) throws SieveException {
    Optional<Node.Argument.Number> seconds =
        arguments.taggedNumber("bytimerelative", Extension.REDIRECT_DELIVERBY);
    Template time = arguments.tagged("bytimeabsolute", Extension.REDIRECT_DELIVERBY);
    Template mode = arguments.tagged("bymode", Extension.REDIRECT_DELIVERBY);
    boolean trace = arguments.flag("bytrace", Extension.REDIRECT_DELIVERBY);
    if (seconds.isPresent() && time != null) {
      throw new SieveException(
          node.at(), "redirect has :bytimerelative or :bytimeabsolute, not both");
    }
    if (seconds.isEmpty() && time == null) {
      if (mode != null || trace) {
        throw new SieveException(
            node.at(), ":bymode and :bytrace go with :bytimerelative or :bytimeabsolute");
      }
      return null;
    }
    check(node, time, parsed(text(time)).isPresent(), ABSOLUTE);
    check(node, mode, returned(text(mode)).isPresent(), MODE);
    boolean returned = mode == null || returned(text(mode)).orElse(false);
    if (returned && seconds.filter(number -> number.value() == 0).isPresent()) {
      throw new SieveException(node.at(), TOO_LATE);
    }
    return new Redirect.By(
        seconds.map(number -> Math.min(number.value(), By.LONGEST)).orElse(null),
        time,
        mode,
        trace);
  }

  /** RFC 2852 §4: what is to be returned must have some time. */
  private static final String TOO_LATE =
      "the time is over until which the message must be there, or else be returned";

  private static Optional<Boolean> returned(String mode) {
    return switch (Collation.asciiLower(mode)) {
      case "return" -> Optional.of(true);
      case "notify" -> Optional.of(false);
      default -> Optional.empty();
    };
  }

  private static Optional<Instant> parsed(String time) {
    try {
      return Optional.of(OffsetDateTime.parse(time, TIME).toInstant());
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  // ---- in a run

  DeliveryTerms terms(Redirect command) throws RunException {
    Optional<String> notifyOn = run.expandIfAny(command.notifyOn());
    Optional<String> ret = run.expandIfAny(command.ret());
    Redirect.By by = command.by();
    return new DeliveryTerms(
        known(notifyOn, notifyOn.flatMap(DeliveryTerms::notifyOn), NOTIFY),
        Optional.empty(),
        known(ret, ret.flatMap(DeliveryTerms::ret), RET),
        Optional.empty(),
        by == null ? Optional.empty() : Optional.of(by(by)));
  }

  private <T> Optional<T> known(Optional<String> said, Optional<T> meant, String sentence)
      throws RunException {
    if (said.isPresent() && meant.isEmpty()) {
      throw run.problem(sentence);
    }
    return meant;
  }

  private By by(Redirect.By by) throws RunException {
    String mode = run.expandIfAny(by.mode()).orElse("return");
    boolean returned = returned(mode).orElseThrow(() -> run.problem(MODE));
    long seconds = seconds(by);
    if (returned && seconds <= 0) {
      throw run.problem(TOO_LATE);
    }
    return new By(Math.clamp(seconds, -By.LONGEST, By.LONGEST), returned, by.trace());
  }

  private long seconds(Redirect.By by) throws RunException {
    Long seconds = by.seconds();
    Template time = by.time();
    if (seconds != null || time == null) {
      return seconds == null ? 0 : seconds;
    }
    Instant until = parsed(run.expand(time)).orElseThrow(() -> run.problem(ABSOLUTE));
    return Duration.between(surroundings.now(), until).toSeconds();
  }
}
