package hikyaku.server.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Master;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Against a DNS server of its own. */
@Timeout(60)
class CachingDnsTest {
  private static final String ZONE =
      """
      a.example. 300 IN TXT "one " "string" " of three"
      a.example. 300 IN TXT "other"
      a.example. 300 IN A 192.0.2.1
      a.example. 300 IN AAAA 2001:db8::1
      a.example. 300 IN MX 10 mx.example.
      null.example. 300 IN MX 0 .
      alias.example. 300 IN CNAME a.example.
      x\\\\y.example. 300 IN A 192.0.2.2
      signed.example. 300 IN MX 10 mx.signed.example.
      alias.signed.example. 300 IN CNAME mx.signed.example.
      mx.signed.example. 300 IN A 192.0.2.3
      mx.signed.example. 300 IN AAAA 2001:db8::3
      _25._tcp.mx.signed.example. 300 IN TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
      half.signed.example. 300 IN A 192.0.2.4
      1.2.0.192.in-addr.arpa. 300 IN PTR a.example.
      """;

  /** So long that nothing is asked a second time, which tests that count would see. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private DatagramSocket socket;
  private CachingDns dns;
  private final AtomicInteger questions = new AtomicInteger();

  @BeforeEach
  void open() throws IOException {
    socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::serve);
    dns =
        new CachingDns(
            new DnsSettings(
                List.of("127.0.0.1:" + socket.getLocalPort()),
                PATIENCE,
                DnsSettings.TrustAd.LOOPBACK));
  }

  @AfterEach
  void close() {
    socket.close();
  }

  private void serve() {
    byte[] buffer = new byte[4_096];
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        Message question =
            new Message(java.util.Arrays.copyOf(packet.getData(), packet.getLength()));
        questions.incrementAndGet();
        byte[] answer = answer(question).toWire();
        socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private static Message answer(Message question) throws IOException {
    Record asked = question.getQuestion();
    Message answer = new Message(question.getHeader().getID());
    answer.getHeader().setFlag(Flags.QR);
    answer.addRecord(asked, Section.QUESTION);
    if (asked.getName().equals(Name.fromString("broken.example."))) {
      answer.getHeader().setRcode(Rcode.SERVFAIL);
      return answer;
    }
    if (asked.getName().equals(Name.fromString("half.signed.example."))
        && asked.getType() == Type.AAAA) {
      answer.getHeader().setRcode(Rcode.SERVFAIL);
      return answer;
    }
    // As a server that validates, if it is told that its word is understood.
    if (question.getHeader().getFlag(Flags.AD)
        && asked.getName().subdomain(Name.fromString("signed.example."))) {
      answer.getHeader().setFlag(Flags.AD);
    }
    boolean exists = false;
    Name wanted = asked.getName();
    Master zone = new Master(new java.io.ByteArrayInputStream(ZONE.getBytes("US-ASCII")));
    for (Record each = zone.nextRecord(); each != null; each = zone.nextRecord()) {
      boolean same = each.getName().equals(wanted);
      exists |= same;
      boolean alias = same && each.getType() == Type.CNAME;
      if (same && each.getType() == asked.getType() || alias) {
        answer.addRecord(each, Section.ANSWER);
        // What an alias stands for is told with it if it is further below in the zone.
        wanted = each instanceof CNAMERecord to ? to.getTarget() : wanted;
      }
    }
    answer.getHeader().setRcode(exists ? Rcode.NOERROR : Rcode.NXDOMAIN);
    return answer;
  }

  @Test
  void recordsOfAllKinds() throws Exception {
    InetAddress four = InetAddress.ofLiteral("192.0.2.1");
    assertThat(dns.txt("a.example").orElseThrow())
        .containsExactlyInAnyOrder("one string of three", "other");
    assertThat(dns.a("alias.example")).contains(List.of(four));
    assertThat(dns.aaaa("a.example")).contains(List.of(InetAddress.ofLiteral("2001:db8::1")));
    assertThat(dns.mx("a.example")).contains(List.of(new Dns.Mx(10, "mx.example")));
    assertThat(dns.mx("null.example")).contains(List.of(new Dns.Mx(0, "")));
    assertThat(dns.secureMx("null.example").records()).contains(List.of(new Dns.Mx(0, "")));
    assertThat(dns.ptr(four)).contains(List.of("a.example"));
    assertThat(dns.a("x\\y.example")).contains(List.of(InetAddress.ofLiteral("192.0.2.2")));
  }

  @Test
  void whatIsNotThere() throws Exception {
    assertThat(dns.ptr(InetAddress.ofLiteral("2001:db8::1"))).isEmpty();
    assertThat(dns.txt("nobody.example")).isEmpty();
    assertThat(dns.txt("1.2.0.192.in-addr.arpa")).contains(List.of());
    assertThat(dns.txt("a".repeat(64) + ".example")).isEmpty();
    assertThat(dns.txt("a..example")).isEmpty();
    assertThatThrownBy(() -> dns.txt("broken.example")).isInstanceOf(DnsException.class);
  }

  @Test
  void whatIsKnownIsNotAskedAgain() throws Exception {
    for (int i = 0; i < 5; i++) {
      assertThat(dns.txt("a.example")).isPresent();
    }
    assertThat(questions).hasValue(1);
  }

  @Test
  void silence() {
    CachingDns unheard =
        new CachingDns(
            new DnsSettings(
                List.of("127.0.0.1:9"), Duration.ofMillis(100), DnsSettings.TrustAd.NEVER));
    assertThatThrownBy(() -> unheard.a("a.example")).isInstanceOf(DnsException.class);
  }

  @Test
  void interruption() throws Exception {
    // One that hears and never answers: an answer that comes at once ends no wait.
    try (DatagramSocket mute = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      CachingDns waiting =
          new CachingDns(
              new DnsSettings(
                  List.of("127.0.0.1:" + mute.getLocalPort()),
                  Duration.ofSeconds(30),
                  DnsSettings.TrustAd.NEVER));
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> waiting.a("a.example"))
          .isInstanceOf(DnsException.class)
          .hasRootCauseInstanceOf(InterruptedException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void whatDnssecVouchesFor() throws Exception {
    assertThat(dns.isTrusting()).isTrue();
    assertThat(dns.secureMx("signed.example"))
        .isEqualTo(
            new SecureDns.Answer<>(
                Optional.of(List.of(new Dns.Mx(10, "mx.signed.example"))), true));
    assertThat(dns.secureMx("a.example").secure()).isFalse();
    SecureDns.Answer<InetAddress> addresses = dns.secureAddresses("mx.signed.example");
    assertThat(addresses.secure()).isTrue();
    assertThat(addresses.records().orElseThrow()).hasSize(2);
    assertThat(addresses.name()).isEmpty();
    assertThat(dns.secureAddresses("alias.signed.example"))
        .isEqualTo(new SecureDns.Answer<>(addresses.records(), true, "mx.signed.example"));
    assertThat(dns.secureAddresses("a.example").secure()).isFalse();
    // Whoever keeps one answer from us must not take away what the other one vouches for.
    SecureDns.Answer<InetAddress> half = dns.secureAddresses("half.signed.example");
    assertThat(half.secure()).isTrue();
    assertThat(half.records().orElseThrow()).hasSize(1);
    SecureDns.Answer<Tlsa> tlsa = dns.tlsa("_25._tcp.mx.signed.example");
    assertThat(tlsa.secure()).isTrue();
    assertThat(tlsa.records().orElseThrow())
        .singleElement()
        .hasToString("3 1 1 " + "00112233445566778899aabbccddeeff".repeat(2));
    assertThat(dns.tlsa("_25._tcp.nobody.example"))
        .isEqualTo(new SecureDns.Answer<>(Optional.empty(), false));
    assertThat(dns.tlsa("_25._tcp.a..example").records()).isEmpty();
    assertThatThrownBy(() -> dns.tlsa("broken.example")).isInstanceOf(DnsException.class);
    assertThatThrownBy(() -> dns.secureAddresses("broken.example"))
        .isInstanceOf(DnsException.class);
    int before = questions.get();
    assertThat(dns.secureMx("signed.example").secure()).isTrue();
    assertThat(questions).hasValue(before);
  }

  @Test
  void whoIsNotTrustedVouchesForNothing() throws Exception {
    CachingDns doubtful =
        new CachingDns(
            new DnsSettings(
                List.of("127.0.0.1:" + socket.getLocalPort()),
                PATIENCE,
                DnsSettings.TrustAd.NEVER));
    assertThat(doubtful.isTrusting()).isFalse();
    assertThat(doubtful.secureMx("signed.example").secure()).isFalse();
    for (DnsSettings.TrustAd when : DnsSettings.TrustAd.values()) {
      assertThat(
              new CachingDns(
                      new DnsSettings(
                          List.of("127.0.0.1", "192.0.2.53"), Duration.ofSeconds(5), when))
                  .isTrusting())
          .isEqualTo(when == DnsSettings.TrustAd.ALWAYS);
    }
  }
}
