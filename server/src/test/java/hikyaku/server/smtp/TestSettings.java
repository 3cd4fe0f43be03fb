package hikyaku.server.smtp;

import java.time.Duration;
import java.util.Map;

/** Settings by their names, for transcripts. */
final class TestSettings {
  static final SmtpSettings DEFAULT = SmtpSettings.of("mx.demo.test");

  private TestSettings() {}

  static SmtpSettings with(SmtpSettings s, String name, String value) {
    return new SmtpSettings(
        s.hostName(),
        name.equals("overQuota") ? SmtpSettings.OverQuota.valueOf(value) : s.overQuota(),
        name.equals("writeAs") ? SmtpSettings.WriteAs.valueOf(value) : s.writeAs(),
        name.equals("hideClientAddress") ? Boolean.parseBoolean(value) : s.hideClientAddress(),
        name.equals("greetingDelay") ? Duration.parse(value) : s.greetingDelay(),
        name.equals("longestHold") ? Duration.parse(value) : s.longestHold(),
        name.equals("highestPriority") ? Integer.parseInt(value) : s.highestPriority(),
        name.equals("priority") ? priority(value) : s.priorities(),
        limit(s.limits(), name, value));
  }

  private static Map<String, Integer> priority(String value) {
    String[] words = value.split("=");
    return Map.of(words[0], Integer.valueOf(words[1]));
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
