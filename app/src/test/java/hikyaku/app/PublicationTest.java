package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.cluster.Identity;
import hikyaku.server.cluster.Member;
import hikyaku.server.cluster.Role;
import hikyaku.server.cluster.Vitals;
import hikyaku.server.cluster.Wish;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PublicationTest {
  private static Member node(String name, Member.State state, String... sources) {
    Identity identity =
        new Identity(
            name,
            1,
            "1",
            Set.of(Role.values()),
            Optional.empty(),
            "127.0.0.1:80",
            Instant.EPOCH,
            1,
            1,
            List.of(sources));
    return new Member(
        identity,
        state,
        Wish.NONE,
        false,
        new Vitals(0, Map.of(), 0, List.of(), Map.of()),
        Instant.EPOCH);
  }

  /** Those too that rest: they may send again at any moment. */
  @Test
  void mailComesFromTheAddressesOfAllNodes() {
    assertThat(
            Publication.sources(
                List.of(InetAddress.ofLiteral("192.0.2.1")),
                List.of(
                    node("n2", Member.State.UP, "192.0.2.2", "2001:db8::2"),
                    node("n3", Member.State.DOWN, "192.0.2.3"),
                    node("n4", Member.State.LEFT, "192.0.2.1", "fe80::1%no-such-interface"))))
        .extracting(InetAddress::getHostAddress)
        .containsExactly("192.0.2.1", "192.0.2.2", "2001:db8:0:0:0:0:0:2", "192.0.2.3");
  }
}
