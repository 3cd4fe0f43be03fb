package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLHandshakeException;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TlsTest {
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void servesOverBothVersions(String version) throws Exception {
    try (TestServer server = new TestServer()) {
      TlsClient.TlsSession session = TlsClient.ready().versions(version).to(server.port("tls"));
      try (TestClient client = session.client()) {
        client.expect("* HELLO");
        assertThat(talk(client, "TLS")).startsWith(version + " ").endsWith(" localhost");
        client.send("NOOP\r\nECHO a\r\nECHO b\r\n");
        client.expect("OK");
        client.expect("a");
        client.expect("b");
        byte[] octets = new byte[1_000_000];
        new java.util.Random(7).nextBytes(octets);
        client.talk("LIT " + octets.length, "+ send");
        Thread sender = Thread.startVirtualThread(() -> write(client, octets));
        client.expect("OK " + octets.length);
        assertThat(client.in.readNBytes(octets.length)).isEqualTo(octets);
        client.expect("");
        sender.join();
        client.talk("QUIT", "BYE");
        client.expectEnd();
      }
      assertThat(handshakes(server, "done")).isEqualTo(1);
    }
  }

  private static double handshakes(TestServer server, String result) {
    return server
        .meters
        .counter("hikyaku.tls.handshakes", "protocol", "line", "result", result)
        .count();
  }

  private static void write(TestClient client, byte[] octets) {
    try {
      client.out.write(octets);
      client.out.flush();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static String talk(TestClient client, String command) throws IOException {
    client.send(command + "\r\n");
    return client.line();
  }

  @Test
  void nothingIsCarriedOverStartTls() throws Exception {
    try (TestServer server = new TestServer();
        TestClient plain = TestClient.connect(server.port("starttls"))) {
      plain.expect("* HELLO");
      // In one segment, as somebody in the middle would put it.
      plain.send("STARTTLS\r\nECHO injected\r\nECHO " + "x".repeat(200) + "\r\n");
      plain.expect("OK begin");
      TestClient client = TlsClient.ready().over(plain.socket).client();
      assertThat(talk(client, "TLS")).startsWith("TLSv1.3");
      client.talk("ECHO mine", "mine");
      client.talk("QUIT", "BYE");
      client.expectEnd();
    }
  }

  @Test
  void startTlsIsOfferedOnceAndWhereItBelongs() throws Exception {
    try (TestServer server = new TestServer();
        TestClient plain = TestClient.connect(server.port("starttls"));
        TestClient none = server.connect()) {
      plain.expect("* HELLO");
      Connection connection = server.protocol.begun.take();
      Connection other = server.protocol.begun.take();
      assertThat(List.of(connection.canStartTls(), other.canStartTls()))
          .containsExactlyInAnyOrder(true, false);
      plain.talk("STARTTLS", "OK begin");
      TestClient client = TlsClient.ready().over(plain.socket).client();
      client.talk("NOOP", "OK");
      assertThat(connection.canStartTls()).isFalse();
      assertThat(other.canStartTls()).isFalse();
    }
  }

  @Test
  void theChannelBindingsAreThoseOfTheClient() throws Exception {
    try (TestServer server = new TestServer()) {
      TlsClient.TlsSession session = TlsClient.connect(server.port("tls"));
      TestClient client = session.client();
      client.expect("* HELLO");
      ExtendedSSLSession seen = (ExtendedSSLSession) session.socket().getSession();
      assertThat(talk(client, "BIND tls-exporter"))
          .isEqualTo(
              HexFormat.of()
                  .formatHex(
                      seen.exportKeyingMaterialData("EXPORTER-Channel-Binding", new byte[0], 32)));
      X509Certificate shown = (X509Certificate) seen.getPeerCertificates()[0];
      String endPoint =
          HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(shown.getEncoded()));
      assertThat(talk(client, "BIND tls-server-end-point")).isEqualTo(endPoint);
      assertThat(talk(client, "BIND tls-unique")).isEqualTo("none");
      client.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void resumedSessionsHaveTheirBindingsToo(String version) throws Exception {
    try (TestServer server = new TestServer()) {
      TlsClient ready = TlsClient.ready().versions(version);
      String first = null;
      long created = 0;
      for (int i = 0; i < 2; i++) {
        TlsClient.TlsSession session = ready.to(server.port("tls"));
        TestClient client = session.client();
        client.expect("* HELLO");
        String endPoint = talk(client, "BIND tls-server-end-point");
        assertThat(endPoint).hasSize(64);
        if (first == null) {
          first = endPoint;
          created = session.socket().getSession().getCreationTime();
        }
        assertThat(endPoint).isEqualTo(first);
        // The client's session is the first one's: it was resumed.
        assertThat(session.socket().getSession().getCreationTime()).isEqualTo(created);
        client.talk("QUIT", "BYE");
        client.expectEnd();
        client.close();
      }
    }
  }

  @Test
  void showsTheCertificateThatIsAskedForAndRenewsThemWhileSessionsLive() throws Exception {
    try (TestServer server = new TestServer()) {
      Credential one = TestServer.credential("mail.one.test");
      Credential two = TestServer.credential("*.two.test");
      server.server.useTls(TlsContext.of(List.of(TestServer.DEFAULT, one, two)));
      assertThat(shown(server, "mail.one.test")).isEqualTo(one.chain().getFirst());
      assertThat(shown(server, "imap.two.test")).isEqualTo(two.chain().getFirst());
      assertThat(shown(server, "a.b.two.test")).isEqualTo(TestServer.DEFAULT.chain().getFirst());
      assertThat(shown(server, "elsewhere.test")).isEqualTo(TestServer.DEFAULT.chain().getFirst());

      try (TestClient before = server.connectTls()) {
        Credential renewed = TestServer.credential("mail.one.test");
        server.server.useTls(TlsContext.of(List.of(renewed)));
        assertThat(shown(server, "mail.one.test")).isEqualTo(renewed.chain().getFirst());
        before.talk("NOOP", "OK");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void theNameGoesBeforeTheKindOfKey(String version) throws Exception {
    try (TestServer server = new TestServer()) {
      TlsClient ready = TlsClient.ready().versions(version);
      Credential rsa = rsa("mail.rsa.test");
      server.server.useTls(TlsContext.of(List.of(TestServer.DEFAULT, rsa)));
      assertThat(shown(server, ready.name("mail.rsa.test"))).isEqualTo(rsa.chain().getFirst());
      assertThat(shown(server, ready.name("elsewhere.test")))
          .isEqualTo(TestServer.DEFAULT.chain().getFirst());

      Credential other = TestServer.credential("mail.ec.test");
      server.server.useTls(TlsContext.of(List.of(rsa, other)));
      assertThat(shown(server, ready.name("mail.ec.test"))).isEqualTo(other.chain().getFirst());
      assertThat(shown(server, ready.name("elsewhere.test"))).isEqualTo(rsa.chain().getFirst());

      Credential both = TestServer.credential("mail.rsa.test");
      server.server.useTls(TlsContext.of(List.of(rsa, both)));
      assertThat(shown(server, ready.name("elsewhere.test"))).isIn(chainHeads(rsa, both));
    }
  }

  private static List<X509Certificate> chainHeads(Credential... credentials) {
    return Arrays.stream(credentials).map(one -> one.chain().getFirst()).toList();
  }

  private static Credential rsa(String name) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair pair = generator.generateKeyPair();
    X500Name subject = new X500Name("CN=" + name);
    Instant now = Instant.now();
    X509CertificateHolder signed =
        new JcaX509v3CertificateBuilder(
                subject,
                BigInteger.ONE,
                Date.from(now.minusSeconds(60)),
                Date.from(now.plusSeconds(3600)),
                subject,
                pair.getPublic())
            .addExtension(
                Extension.subjectAlternativeName,
                false,
                new GeneralNames(new GeneralName(GeneralName.dNSName, name)))
            .build(new JcaContentSignerBuilder("SHA256withRSA").build(pair.getPrivate()));
    return Credential.of(
        List.of(new JcaX509CertificateConverter().getCertificate(signed)), pair.getPrivate());
  }

  private static X509Certificate shown(TestServer server, TlsClient ready) throws Exception {
    TlsClient.TlsSession session = ready.to(server.port("tls"));
    try (TestClient client = session.client()) {
      client.expect("* HELLO");
      return (X509Certificate) session.socket().getSession().getPeerCertificates()[0];
    }
  }

  private static X509Certificate shown(TestServer server, String name) throws Exception {
    return shown(server, TlsClient.ready().name(name));
  }

  @Test
  void anotherProtocolByAlpnIsRefused() throws Exception {
    try (TestServer server = new TestServer()) {
      server.protocol.alpn = List.of("line");
      TlsClient.TlsSession session = TlsClient.ready().alpn("line").to(server.port("tls"));
      session.client().expect("* HELLO");
      assertThat(session.socket().getApplicationProtocol()).isEqualTo("line");
      session.client().close();
      assertThatThrownBy(() -> TlsClient.ready().alpn("http/1.1").to(server.port("tls")))
          .isInstanceOf(SSLHandshakeException.class);
      TlsClient.connect(server.port("tls")).client().close();
    }
  }

  @Test
  void aHandshakeThatDripsIsGivenUp() throws Exception {
    NetLimits limits =
        new NetLimits(
            100,
            100,
            100,
            true,
            100,
            8,
            Duration.ofSeconds(20),
            Duration.ofMillis(300),
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            1000,
            Duration.ofSeconds(20),
            Duration.ofSeconds(5),
            Duration.ofSeconds(20),
            50);
    try (TestServer server = new TestServer(limits);
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port("tls"))) {
      socket.setSoTimeout(30_000);
      socket.getOutputStream().write(new byte[] {22, 3, 1});
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void whatIsNotTlsEndsTheConnectionAtOnce() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = TestClient.connect(server.port("tls"))) {
      client.send("GET / HTTP/1.1\r\nHost: mail\r\n\r\n");
      assertThatThrownBy(
              () -> {
                if (client.in.read() < 0) {
                  throw new IOException("end");
                }
              })
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void aStopDoesNotWaitForHandshakes() throws Exception {
    try (TestServer server = new TestServer();
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port("tls"))) {
      socket.getOutputStream().write(22);
      // A second connection is accepted after the first: the first one is there.
      server.connectTls().close();
      StopReport report = server.server.stop(Duration.ofSeconds(30));
      assertThat(report.forced()).isZero();
    }
  }

  @Test
  void idleSessionsAreWokenOverTlsAsWell() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connectTls()) {
      Connection connection = server.protocol.begun.take();
      client.talk("IDLE", "+ idling");
      for (int i = 0; i < 50; i++) {
        connection.signal();
        client.expect("* SIGNAL");
      }
      client.talk("DONE", "OK DONE");
      client.talk("IDLE", "+ idling");
      server.protocol.release.countDown();
      server.server.stop(Duration.ofSeconds(20));
      client.expect("* BYE stopping");
      client.expectEnd();
    }
  }

  @Test
  void selfSignedCertificatesAreWrittenForTheirOwnerAlone(@TempDir Path directory)
      throws Exception {
    Path chain = directory.resolve("tls/cert.pem");
    Path key = directory.resolve("tls/key.pem");
    Credential made =
        SelfSigned.create(chain, key, List.of("localhost", "127.0.0.1", "::1"), Instant.now());
    assertThat(Files.getPosixFilePermissions(key))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    Credential read = Credential.fromPem(chain, key);
    assertThat(read.chain()).isEqualTo(made.chain());
    assertThat(read.names()).containsExactly("localhost");
    assertThat(read.chain().getFirst().getSubjectAlternativeNames()).hasSize(3);
    try (var left = Files.list(directory.resolve("tls"))) {
      assertThat(left).hasSize(2);
    }
    assertThatThrownBy(() -> Credential.fromPem(key, key))
        .hasMessageContaining("key.pem")
        .hasMessageContaining("no certificate");
    assertThatThrownBy(() -> Credential.fromPem(chain, chain))
        .hasMessageContaining("no private key");
    Path other = directory.resolve("other.pem");
    SelfSigned.create(directory.resolve("c.pem"), other, List.of("x"), Instant.now());
    assertThatThrownBy(() -> Credential.fromPem(chain, other))
        .hasMessageContaining("not that of the certificate");
    Files.write(other, "junk".getBytes(StandardCharsets.US_ASCII));
    assertThatThrownBy(() -> Credential.fromPem(chain, other)).hasMessageContaining("other.pem");
  }
}
