package hikyaku.server.smtpclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.server.dns.DnsException;
import hikyaku.server.dns.SecureDns;
import hikyaku.server.dns.Tlsa;
import hikyaku.server.testing.MailSink;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A server with several addresses: the next one is tried when one is dead (RFC 5321 §5.1). */
class AddressesTest {
  /** Nothing listens there. */
  private static final String DEAD = "127.0.0.9";

  /** Nor there, at the port of a server that listens at an address of IPv4. */
  private static final String DEAD_6 = "::1";

  private static MailSink refusing(String address, int port, String greeting) throws Exception {
    return new MailSink(
        InetAddress.ofLiteral(address), port, null, (line, _) -> line.isEmpty() ? greeting : null);
  }

  @Test
  void aDeadAddressOfIpv6IsPassedOver() throws Exception {
    try (MailSink sink = MailSink.willing()) {
      Outward outward = new Outward().port(sink.port()).with("mx.test", DEAD_6, "127.0.0.1");
      assertThat(outward.status("mx.test")).isEqualTo("2.0.0");
      assertThat(sink.taken()).hasSize(1);
    }
  }

  @Test
  void aDeadAddressOfIpv4IsPassedOver() throws Exception {
    // A machine without IPv6 has no living address of it.
    String living = hasIpv6() ? "::1" : "127.0.0.1";
    try (MailSink sink = new MailSink(InetAddress.ofLiteral(living), 0, null, (_, _) -> null)) {
      Outward outward = new Outward().port(sink.port()).with("mx.test", DEAD, living);
      assertThat(outward.status("mx.test")).isEqualTo("2.0.0");
      assertThat(sink.taken()).hasSize(1);
    }
  }

  private static boolean hasIpv6() {
    try (ServerSocket unused = new ServerSocket(0, 1, InetAddress.ofLiteral("::1"))) {
      return true;
    } catch (java.io.IOException e) {
      return false;
    }
  }

  @Test
  void anAddressThatRefusesMailAltogetherIsPassedOver() throws Exception {
    for (String greeting : List.of("554 5.3.2 no mail here", "421 4.3.2 busy", MailSink.CLOSE)) {
      try (MailSink sink = MailSink.willing();
          MailSink first = refusing("127.0.0.10", sink.port(), greeting)) {
        Outward outward =
            new Outward().port(sink.port()).with("mx.test", "127.0.0.10", "127.0.0.1");
        assertThat(outward.status("mx.test")).as(greeting).isEqualTo("2.0.0");
        assertThat(first.connections()).isEqualTo(1);
        assertThat(sink.taken()).hasSize(1);
      }
    }
  }

  @Test
  void theFirstAddressThatLivesIsUsed() throws Exception {
    try (MailSink sink = MailSink.willing();
        MailSink first = refusing("127.0.0.10", sink.port(), null)) {
      Outward outward = new Outward().port(sink.port()).with("mx.test", "127.0.0.10", "127.0.0.1");
      assertThat(outward.status("mx.test")).isEqualTo("2.0.0");
      assertThat(first.taken()).hasSize(1);
      assertThat(sink.connections()).isZero();
    }
  }

  /** What one says of a message counts: it is not offered to the next. */
  @Test
  void aMessageThatIsRefusedIsNotOfferedElsewhere() throws Exception {
    try (MailSink sink = MailSink.willing();
        MailSink first =
            new MailSink(
                InetAddress.ofLiteral("127.0.0.10"),
                sink.port(),
                null,
                (line, _) -> line.startsWith("RCPT") ? "550 5.1.1 no such user" : null)) {
      Outward outward = new Outward().port(sink.port()).with("mx.test", "127.0.0.10", "127.0.0.1");
      assertThat(outward.status("mx.test")).isEqualTo("5.1.1");
      assertThat(first.connections()).isEqualTo(1);
      assertThat(sink.connections()).isZero();
    }
  }

  @Test
  void whereAllAreDeadTheMessageWaits() throws Exception {
    try (MailSink sink = MailSink.willing()) {
      Outward outward = new Outward().port(sink.port()).with("mx.test", DEAD_6, DEAD, "127.0.0.8");
      assertThat(outward.status("mx.test")).isEqualTo("4.4.1");
    }
  }

  @Test
  void aRelayWithADeadAddressIsSpokenToAtAnother() throws Exception {
    try (MailSink sink = MailSink.willing()) {
      Outward outward = new Outward().with("relay.test", DEAD_6, DEAD, "127.0.0.1");
      assertThat(outward.status(Outward.relay("smtp+plain://relay.test:" + sink.port())))
          .isEqualTo("2.0.0");
    }
  }

  // ---- what DNS says of addresses

  /** One that knows only of addresses, and of those what it is told; null for no answer. */
  private record Told(List<InetAddress> ipv6, List<InetAddress> ipv4) implements SecureDns {
    private static List<InetAddress> said(List<InetAddress> known) throws DnsException {
      if (known == null) {
        throw new DnsException("mx.test", new IllegalStateException("nobody is there"));
      }
      return known;
    }

    @Override
    public Optional<List<InetAddress>> aaaa(String host) throws DnsException {
      return Optional.of(said(ipv6));
    }

    @Override
    public Optional<List<InetAddress>> a(String host) throws DnsException {
      return Optional.of(said(ipv4));
    }

    @Override
    public boolean isTrusting() {
      return false;
    }

    @Override
    public Answer<Mx> secureMx(String domain) {
      throw new AssertionError("it is trusted with nothing");
    }

    @Override
    public Answer<InetAddress> secureAddresses(String host) {
      throw new AssertionError("it is trusted with nothing");
    }

    @Override
    public Answer<Tlsa> tlsa(String name) {
      throw new AssertionError("not asked for");
    }

    @Override
    public Optional<List<Mx>> mx(String domain) {
      throw new AssertionError("not asked for");
    }

    @Override
    public Optional<List<String>> txt(String name) {
      throw new AssertionError("not asked for");
    }

    @Override
    public Optional<List<String>> ptr(InetAddress address) {
      throw new AssertionError("not asked for");
    }
  }

  private static List<InetAddress> found(List<InetAddress> ipv6, List<InetAddress> ipv4)
      throws UnreachableException {
    return new DnsNames(new Told(ipv6, ipv4)).addresses("mx.test").addresses();
  }

  @Test
  void addressesOfOneKindWillDoIfNobodyTellsTheOthers() throws Exception {
    List<InetAddress> ipv6 = List.of(InetAddress.ofLiteral("::1"));
    List<InetAddress> ipv4 =
        List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("127.0.0.2"));
    assertThat(found(ipv6, ipv4)).containsExactly(ipv6.get(0), ipv4.get(0), ipv4.get(1));
    assertThat(found(null, ipv4)).isEqualTo(ipv4);
    assertThat(found(ipv6, null)).isEqualTo(ipv6);
    assertThat(found(List.of(), ipv4)).isEqualTo(ipv4);
    assertThat(found(List.of(), List.of())).isEmpty();
    assertThatThrownBy(() -> found(List.of(), null)).isInstanceOf(UnreachableException.class);
    assertThatThrownBy(() -> found(null, null)).isInstanceOf(UnreachableException.class);
  }
}
