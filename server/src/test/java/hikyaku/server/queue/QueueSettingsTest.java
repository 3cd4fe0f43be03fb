package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Language;
import hikyaku.server.smtpclient.ClientSettings;
import hikyaku.server.smtpclient.Relay;
import hikyaku.server.smtpclient.Route;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class QueueSettingsTest {
  private static Relay relay(String host) {
    return Relay.parse("smtp://" + host);
  }

  private static QueueSettings settings(Optional<Relay> relay) {
    return settings(relay, Optional.empty(), Map.of());
  }

  private static QueueSettings settings(
      Optional<Relay> relay, Optional<Rate> rate, Map<String, Rate> rates) {
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
        rate,
        rates,
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

  private static Optional<String> rate(QueueSettings settings, Route destination) {
    return settings.rate(destination).map(Rate::toString);
  }

  @Test
  void theNearestRateCounts() {
    QueueSettings settings =
        settings(
            Optional.empty(),
            Optional.of(Rate.parse("1000/h")),
            Map.of(
                "Example.org",
                Rate.parse("60/60s"),
                "*.example.org",
                Rate.parse("5/10s"),
                "*.lists.example.org",
                Rate.parse("1/24H"),
                "b\u00fccher.test",
                Rate.UNLIMITED,
                "smtp://partner.relay.test",
                Rate.parse("7 / 2d")));
    assertThat(rate(settings, new Route.Exchange("example.org"))).contains("60/1m");
    assertThat(rate(settings, new Route.Exchange("a.b.example.org"))).contains("5/10s");
    assertThat(rate(settings, new Route.Exchange("a.lists.example.org"))).contains("1/1d");
    assertThat(rate(settings, new Route.Exchange("lists.example.org"))).contains("5/10s");
    assertThat(rate(settings, new Route.Exchange("badexample.org"))).contains("1000/1h");
    assertThat(rate(settings, new Route.Exchange("xn--bcher-kva.test"))).isEmpty();
    assertThat(rate(settings, by("partner.relay.test"))).contains("7/2d");
    assertThat(rate(settings, by("org.relay.test"))).contains("1000/1h");
    assertThat(rate(settings(Optional.empty()), new Route.Exchange("example.org"))).isEmpty();
  }

  @Test
  void aRateThatCannotHoldIsRefused() {
    Map<String, Rate> partner = Map.of("partner.test", Rate.parse("1/s"));
    assertThatThrownBy(() -> settings(Optional.empty(), Optional.empty(), partner))
        .hasMessage(
            "queue.rates: mail for partner.test goes by smtp://partner.relay.test:25, so it is that"
                + " server which can have a rate");
    Map<String, Rate> any = Map.of("*.else.test", Rate.parse("1/s"));
    assertThatThrownBy(() -> settings(Optional.of(relay("relay.test")), Optional.empty(), any))
        .hasMessageContaining("mail for *.else.test goes by smtp://relay.test:25");
    Map<String, Rate> twice = Map.of("a.test", Rate.parse("1/s"), "A.test", Rate.parse("2/s"));
    assertThatThrownBy(() -> settings(Optional.empty(), Optional.empty(), twice))
        .hasMessage("queue.rates names one destination twice");
  }

  @Test
  void whatIsNoRateIsRefused() {
    for (String bad : List.of("", "100", "0/1h", "5/0s", "-1/s", "5/h2", "1/1w", "99999999/s")) {
      assertThatThrownBy(() -> Rate.parse(bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("\"" + bad + "\" is not a rate; write how many messages");
    }
  }

  @Test
  void mailOfADomainMayBeHandedToTheRelaysOfAllRecipientsAndOfItsOwnSenders() {
    QueueSettings settings = settings(Optional.of(relay("relay.test")));
    assertThat(settings.relaysOf("example.org"))
        .containsExactly(
            relay("relay.test"),
            relay("partner.relay.test"),
            relay("org.relay.test"),
            relay("news.relay.test"));
    assertThat(settings.relaysOf("other.test"))
        .containsExactly(relay("relay.test"), relay("partner.relay.test"));
  }
}
