package hikyaku.server.origin;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import hikyaku.server.origin.Finding.Disposition;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** DNS that says nothing, not even that it has nothing to say. */
@Timeout(60)
class DeadlineTest {
  private final CountDownLatch interrupted = new CountDownLatch(1);

  private Dns dead() {
    return (Dns)
        Proxy.newProxyInstance(
            Dns.class.getClassLoader(),
            new Class<?>[] {Dns.class},
            (_, method, _) -> {
              try {
                new CountDownLatch(1).await();
                throw new IllegalStateException("it was answered");
              } catch (InterruptedException e) {
                interrupted.countDown();
                throw new DnsException(method.getName(), e);
              }
            });
  }

  @Test
  void messagesAreTakenAndNobodyIsAskedAnyLonger() throws Exception {
    OriginSettings s = Mails.SETTINGS;
    OriginSettings hasty =
        new OriginSettings(
            true,
            s.authservId(),
            s.trusted(),
            s.forwarders(),
            s.sealers(),
            s.dmarcReject(),
            s.dmarcQuarantine(),
            s.spfFail(),
            s.unsure(),
            Duration.ofMillis(50),
            s.questions(),
            s.signatures(),
            s.header(),
            true);
    byte[] text = Mails.read("arc-2.eml").getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    try (Origin origin =
            new Origin(hasty, dead(), InstantSource.system(), new SimpleMeterRegistry());
        Examination examination =
            origin.examine(
                InetAddress.ofLiteral("192.0.2.1"), "h.example", "jo", "author.example", "t1")) {
      Passage through = examination.through((_, _, _) -> {});
      through.write(text);
      through.end();
      Finding finding = examination.finish();
      assertThat(finding.results())
          .containsExactly(
              "spf=temperror",
              "spf=temperror",
              "dkim=temperror",
              "dmarc=temperror",
              "arc=temperror");
      assertThat(finding.disposition()).isEqualTo(Disposition.ACCEPT);
    }
    interrupted.await();
  }
}
