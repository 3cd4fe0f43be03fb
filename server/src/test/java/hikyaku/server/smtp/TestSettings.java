package hikyaku.server.smtp;

import java.time.Duration;

/** Settings by their names, for transcripts. */
final class TestSettings {
  static final SmtpSettings DEFAULT = SmtpSettings.of("mx.demo.test");

  private TestSettings() {}

  static SmtpSettings with(SmtpSettings s, String name, String value) {
    return switch (name) {
      case "overQuota" ->
          new SmtpSettings(
              s.hostName(),
              SmtpSettings.OverQuota.valueOf(value),
              s.ownSenderOnly(),
              s.hideClientAddress(),
              s.greetingDelay(),
              s.limits());
      case "ownSenderOnly" ->
          new SmtpSettings(
              s.hostName(),
              s.overQuota(),
              Boolean.parseBoolean(value),
              s.hideClientAddress(),
              s.greetingDelay(),
              s.limits());
      case "hideClientAddress" ->
          new SmtpSettings(
              s.hostName(),
              s.overQuota(),
              s.ownSenderOnly(),
              Boolean.parseBoolean(value),
              s.greetingDelay(),
              s.limits());
      case "greetingDelay" ->
          new SmtpSettings(
              s.hostName(),
              s.overQuota(),
              s.ownSenderOnly(),
              s.hideClientAddress(),
              Duration.parse(value),
              s.limits());
      default -> s.withLimits(limit(s.limits(), name, value));
    };
  }

  private static SmtpLimits limit(SmtpLimits l, String name, String value) {
    return new SmtpLimits(
        name.equals("messageOctets") ? Long.parseLong(value) : l.messageOctets(),
        name.equals("recipients") ? Integer.parseInt(value) : l.recipients(),
        name.equals("copies") ? Integer.parseInt(value) : l.copies(),
        name.equals("transactions") ? Integer.parseInt(value) : l.transactions(),
        name.equals("hops") ? Integer.parseInt(value) : l.hops(),
        name.equals("badCommands") ? Integer.parseInt(value) : l.badCommands(),
        name.equals("unknownRecipients") ? Integer.parseInt(value) : l.unknownRecipients(),
        name.equals("idleCommands") ? Integer.parseInt(value) : l.idleCommands(),
        name.equals("slowAfter") ? Integer.parseInt(value) : l.slowAfter(),
        l.slowBy(),
        name.equals("command") ? Duration.parse(value) : l.command(),
        name.equals("data") ? Duration.parse(value) : l.data(),
        name.equals("transaction") ? Duration.parse(value) : l.transaction());
  }
}
