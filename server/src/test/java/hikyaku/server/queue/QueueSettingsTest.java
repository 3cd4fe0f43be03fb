package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Language;
import hikyaku.server.smtpclient.ClientSettings;
import hikyaku.server.smtpclient.Relay;
import hikyaku.server.smtpclient.Route;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class QueueSettingsTest {
  private static Relay relay(String host) {
    return Relay.parse("smtp://" + host);
  }

  private static QueueSettings settings(Optional<Relay> relay) {
    return new QueueSettings(
        relay,
        Map.of("partner.test", relay("partner.relay.test")),
        Map.of(
            "Example.org", relay("org.relay.test"), "News@example.org", relay("news.relay.test")),
        Optional.empty(),
        Duration.ofMinutes(1),
        Duration.ofMinutes(1),
        Duration.ofDays(1),
        Duration.ZERO,
        Language.EN,
        20,
        1,
        ClientSettings.DEFAULTS);
  }

  private static Route route(QueueSettings settings, String domain, String sender)
      throws Exception {
    return settings.route(
        domain, sender.isEmpty() ? ReversePath.NULL : new Mailbox(MailAddress.parse(sender)));
  }

  private static Route.Named by(String host) {
    return new Route.Named(relay(host));
  }

  @Test
  void theWayIsThatOfTheDomainThenOfTheSenderThenOfAll() throws Exception {
    QueueSettings settings = settings(Optional.of(relay("relay.test")));
    assertThat(route(settings, "PARTNER.test", "news@example.org"))
        .isEqualTo(by("partner.relay.test"));
    assertThat(route(settings, "else.test", "NEWS@example.ORG")).isEqualTo(by("news.relay.test"));
    assertThat(route(settings, "else.test", "u1@EXAMPLE.org")).isEqualTo(by("org.relay.test"));
    assertThat(route(settings, "else.test", "u1@sub.example.org")).isEqualTo(by("relay.test"));
    assertThat(route(settings, "else.test", "")).isEqualTo(by("relay.test"));
    assertThat(route(settings(Optional.empty()), "ELSE.test", "u1@other.test"))
        .isEqualTo(new Route.Exchange("else.test"));
  }
}
