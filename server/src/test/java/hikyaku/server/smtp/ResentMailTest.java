package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.auth.SecretSealer;
import hikyaku.server.directory.Address;
import hikyaku.server.dkim.Algorithm;
import hikyaku.server.dkim.DkimKey;
import hikyaku.server.dkim.DkimKeys;
import hikyaku.server.dkim.DomainSigner;
import hikyaku.server.dkim.KeyMaterial;
import hikyaku.server.net.TlsMode;
import hikyaku.server.origin.Origin;
import hikyaku.server.testing.ZoneDns;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Whose mail users may resend under its own From (RFC 5322 §3.6.6): what its domain has signed. */
class ResentMailTest {
  private static final String RESENT = "Resent-From: u1@demo.test\r\n";
  private static final String BOSS = "From: boss@demo.test\r\nSubject: x\r\n\r\nhello\r\n";
  private static final String UNPROVEN =
      "550 5.7.1 From names boss@demo.test, and no DKIM signature of that domain proves who wrote"
          + " it";

  private final Clock clock = Clock.systemUTC();
  private final ZoneDns dns = new ZoneDns();

  private String said(World world, String message) {
    TestConnection connection =
        new TestConnection(
            "t1",
            List.of(
                "EHLO c\r\n",
                "AUTH PLAIN AHUxAHNlY3JldA==\r\n",
                "MAIL FROM:<u1@demo.test>\r\n",
                "RCPT TO:<u2@demo.test>\r\n",
                "DATA\r\n",
                message + ".\r\n"));
    try {
      world.protocol.serve(connection);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return connection.said().lines().toList().getLast();
  }

  /** The signature of the domain of ours. */
  private String signature(World world, String message) throws Exception {
    SecureRandom random = new SecureRandom();
    DkimKeys keys =
        new DkimKeys(
            new MemoryStore(clock).logs(), new SecretSealer(_ -> new byte[32], "x", random), clock);
    DkimKey key =
        keys.add(
            "demo.test", Optional.of("s"), KeyMaterial.generate(Algorithm.ED25519, random), false);
    keys.activate("demo.test", "s");
    dns.with(key.recordName(), "TXT", key.recordText());
    return new DomainSigner(world.directory, keys, clock, new SimpleMeterRegistry())
        .sign(
            List.of(new Address("boss", "demo.test")), sink -> sink.write(message.getBytes(UTF_8)))
        .fields();
  }

  @Test
  void nobodyWritesUnderAnothersNameAndCallsItResent() throws Exception {
    try (Origin origin =
            new Origin(
                OriginDeliveryTest.settings(List.of()), dns, clock, new SimpleMeterRegistry());
        World world =
            new World(
                SmtpFace.SUBMISSION,
                TestSettings.DEFAULT,
                TlsMode.NONE,
                Optional.empty(),
                Optional.of(origin))) {
      assertThat(said(world, RESENT + BOSS)).isEqualTo(UNPROVEN);
      String signature = signature(world, BOSS);
      assertThat(said(world, RESENT + signature + BOSS)).startsWith("250 2.0.0 ");
      String changed = BOSS.replace("hello", "pay me");
      assertThat(said(world, RESENT + signature + changed)).isEqualTo(UNPROVEN);
      assertThat(said(world, RESENT + signature + "From: u3@demo.test\r\n" + BOSS))
          .startsWith("550 5.7.1 ");
      assertThat(said(world, RESENT + BOSS.replace("demo.test", "example.org")))
          .as("somebody elsewhere")
          .startsWith("250 2.0.0 ");
      dns.without("s._domainkey.demo.test").silent("s._domainkey.demo.test");
      assertThat(said(world, RESENT + signature + BOSS)).startsWith("451 4.4.3 ");
    }
  }

  /** Without anybody who could look there is no proof. */
  @Test
  void withoutExaminationNothingIsProven() throws Exception {
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      assertThat(said(world, RESENT + signature(world, BOSS) + BOSS)).isEqualTo(UNPROVEN);
      assertThat(said(world, RESENT + BOSS.replace("boss", "u1"))).startsWith("250 2.0.0 ");
    }
  }
}
