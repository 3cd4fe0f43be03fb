package hikyaku.protocol.smtp;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** esmtp-param (RFC 5321 §4.1.2) of MAIL and RCPT. */
final class ParameterParser {
  private static final Set<String> OF_MAIL =
      Set.of(
          "SIZE",
          "BODY",
          "SMTPUTF8",
          "RET",
          "ENVID",
          "AUTH",
          "REQUIRETLS",
          "HOLDFOR",
          "HOLDUNTIL",
          "BY",
          "MT-PRIORITY");
  private static final Set<String> OF_RCPT = Set.of("NOTIFY", "ORCPT");

  /** Characters of ENVID before decoding (RFC 3461 §4.4). */
  private static final int MAX_ENVID = 100;

  /** Characters of ORCPT before decoding (RFC 3461 §4.2). */
  private static final int MAX_ORCPT = 500;

  /** date-time (RFC 3339 §5.6), which RFC 4865 means (erratum 2040). */
  private static final Pattern DATE_TIME =
      Pattern.compile(
          "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?"
              + "(Z|[+-][0-9]{2}:[0-9]{2})");

  /** by-value (RFC 2852 §4). */
  private static final Pattern BY = Pattern.compile("([+-]?[0-9]{1,9});([RN])(T?)");

  /** priority-value (RFC 6710 §3). */
  private static final Pattern PRIORITY = Pattern.compile("-?[1-9]|0");

  private final Cursor in;

  ParameterParser(Cursor in) {
    this.in = in;
  }

  MailParameters mailParameters() throws CommandSyntaxException {
    Map<String, String> given = parameters(OF_MAIL::contains);
    if (given.isEmpty()) {
      return MailParameters.NONE;
    }
    return new MailParameters(
        size(given.get("SIZE")),
        body(given.get("BODY")),
        flag("SMTPUTF8", given),
        ret(given.get("RET")),
        envid(given.get("ENVID")),
        auth(given.get("AUTH")),
        flag("REQUIRETLS", given),
        hold(given.get("HOLDFOR"), given.get("HOLDUNTIL")),
        deliverBy(given.get("BY")),
        priority(given.get("MT-PRIORITY")));
  }

  RcptParameters rcptParameters() throws CommandSyntaxException {
    Map<String, String> given = parameters(OF_RCPT::contains);
    if (given.isEmpty()) {
      return RcptParameters.NONE;
    }
    return new RcptParameters(notify(given.get("NOTIFY")), orcpt(given.get("ORCPT")));
  }

  /** Keywords in upper case with their values, empty where there is none. */
  private Map<String, String> parameters(Predicate<String> known) throws CommandSyntaxException {
    Map<String, String> given = new HashMap<>();
    while (in.skipSpace() && !in.atEnd()) {
      String keyword = Ascii.upper(in.takeWhile(c -> c == '-' || Ascii.isAlphaOrDigit(c)));
      boolean valued = in.take('=');
      String value = valued ? in.takeWhile(c -> c > ' ' && c != '=' && c != 127) : "";
      if (keyword.isEmpty() || (valued && value.isEmpty())) {
        throw CommandSyntaxException.argument("Bad parameter");
      }
      if (!known.test(keyword)) {
        throw new CommandSyntaxException(Reply.of(555, "5.5.4", "Parameter not known here"));
      }
      if (given.put(keyword, value) != null) {
        throw CommandSyntaxException.argument("Parameter given twice");
      }
    }
    if (!in.atEnd()) {
      throw CommandSyntaxException.argument("Bad parameter");
    }
    return given;
  }

  private static @Nullable Long size(@Nullable String value) throws CommandSyntaxException {
    if (value == null) {
      return null;
    }
    // RFC 1870 §4: up to 20 digits.
    if (value.isEmpty() || value.length() > 20 || !value.chars().allMatch(Ascii::isDigit)) {
      throw CommandSyntaxException.argument("Bad SIZE parameter");
    }
    return value.length() > 18 ? Long.MAX_VALUE : Long.parseLong(value);
  }

  private static MailParameters.@Nullable Body body(@Nullable String value)
      throws CommandSyntaxException {
    return switch (value == null ? null : Ascii.upper(value)) {
      case null -> null;
      case "7BIT" -> MailParameters.Body.SEVENBIT;
      case "8BITMIME" -> MailParameters.Body.EIGHTBITMIME;
      case "BINARYMIME" -> MailParameters.Body.BINARYMIME;
      default -> throw CommandSyntaxException.argument("Bad BODY parameter");
    };
  }

  private static boolean flag(String keyword, Map<String, String> given)
      throws CommandSyntaxException {
    String value = given.get(keyword);
    if (value != null && !value.isEmpty()) {
      throw CommandSyntaxException.argument(keyword + " takes no value");
    }
    return value != null;
  }

  private static MailParameters.@Nullable Ret ret(@Nullable String value)
      throws CommandSyntaxException {
    return switch (value == null ? null : Ascii.upper(value)) {
      case null -> null;
      case "FULL" -> MailParameters.Ret.FULL;
      case "HDRS" -> MailParameters.Ret.HDRS;
      default -> throw CommandSyntaxException.argument("Bad RET parameter");
    };
  }

  private static @Nullable String envid(@Nullable String value) throws CommandSyntaxException {
    if (value == null) {
      return null;
    }
    if (value.isEmpty() || value.length() > MAX_ENVID) {
      throw CommandSyntaxException.argument("Bad ENVID parameter");
    }
    return Xtext.decode(value, "ENVID parameter");
  }

  private static @Nullable String auth(@Nullable String value) throws CommandSyntaxException {
    if (value == null) {
      return null;
    }
    if (value.isEmpty()) {
      throw CommandSyntaxException.argument("Bad AUTH parameter");
    }
    return value.equals("<>") ? "" : Xtext.decode(value, "AUTH parameter");
  }

  /** future-release-integer: no sign, no leading zero, up to nine digits. */
  private static @Nullable Hold hold(@Nullable String seconds, @Nullable String until)
      throws CommandSyntaxException {
    if (seconds != null && until != null) {
      throw CommandSyntaxException.argument("HOLDFOR and HOLDUNTIL exclude each other");
    }
    if (until != null) {
      return new Hold.Until(dateTime(until));
    }
    if (seconds == null) {
      return null;
    }
    if (seconds.isEmpty()
        || seconds.length() > 9
        || seconds.charAt(0) == '0'
        || !seconds.chars().allMatch(Ascii::isDigit)) {
      throw CommandSyntaxException.argument("Bad HOLDFOR parameter");
    }
    return new Hold.For(Long.parseLong(seconds));
  }

  private static @Nullable DeliverBy deliverBy(@Nullable String value)
      throws CommandSyntaxException {
    if (value == null) {
      return null;
    }
    Matcher matcher = BY.matcher(Ascii.upper(value));
    if (!matcher.matches()) {
      throw CommandSyntaxException.argument("Bad BY parameter");
    }
    long seconds = Long.parseLong(matcher.group(1));
    boolean returned = matcher.group(2).equals("R");
    if (returned && seconds <= 0) {
      throw CommandSyntaxException.argument("A message that is late already cannot be returned");
    }
    return new DeliverBy(seconds, returned, !matcher.group(3).isEmpty());
  }

  private static @Nullable Integer priority(@Nullable String value) throws CommandSyntaxException {
    if (value == null) {
      return null;
    }
    if (!PRIORITY.matcher(value).matches()) {
      throw CommandSyntaxException.argument("Bad MT-PRIORITY parameter");
    }
    return Integer.valueOf(value);
  }

  private static Instant dateTime(String value) throws CommandSyntaxException {
    String upper = Ascii.upper(value);
    if (DATE_TIME.matcher(upper).matches()) {
      try {
        return OffsetDateTime.parse(upper).toInstant();
      } catch (DateTimeParseException e) {
        // There is no such day, hour or offset.
      }
    }
    throw CommandSyntaxException.argument("Bad HOLDUNTIL parameter");
  }

  private static @Nullable Set<RcptParameters.Notify> notify(@Nullable String value)
      throws CommandSyntaxException {
    if (value == null) {
      return null;
    }
    String list = Ascii.upper(value);
    Set<RcptParameters.Notify> chosen = EnumSet.noneOf(RcptParameters.Notify.class);
    if (list.equals("NEVER")) {
      return Collections.unmodifiableSet(chosen);
    }
    for (String item : list.split(",", -1)) {
      chosen.add(
          switch (item) {
            case "SUCCESS" -> RcptParameters.Notify.SUCCESS;
            case "FAILURE" -> RcptParameters.Notify.FAILURE;
            case "DELAY" -> RcptParameters.Notify.DELAY;
            default -> throw CommandSyntaxException.argument("Bad NOTIFY parameter");
          });
    }
    return Collections.unmodifiableSet(chosen);
  }

  private static RcptParameters.@Nullable OriginalRecipient orcpt(@Nullable String value)
      throws CommandSyntaxException {
    if (value == null) {
      return null;
    }
    int semicolon = value.indexOf(';');
    String type = semicolon < 0 ? "" : value.substring(0, semicolon);
    if (type.isEmpty()
        || semicolon == value.length() - 1
        || value.length() > MAX_ORCPT
        || !type.chars().allMatch(Ascii::isAtext)) {
      throw CommandSyntaxException.argument("Bad ORCPT parameter");
    }
    String encoded = value.substring(semicolon + 1);
    String address =
        Ascii.upper(type).equals("UTF-8")
            ? Xtext.decodeUtf8Address(encoded)
            : Xtext.decode(encoded, "ORCPT parameter");
    return new RcptParameters.OriginalRecipient(type, address);
  }
}
