package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.config.ConfigurationFile;
import hikyaku.server.testing.DnsStub;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of TLS with other servers. */
final class OutgoingTlsTest {
  @TempDir Path directory;

  private String tls(DnsStub dns, String more, String domain) throws Exception {
    Path file = directory.resolve("hikyaku.toml");
    Files.writeString(
        file,
        "dns.resolvers = [\"%s\"]\nhostname = \"us.test\"\n%s".formatted(dns.address(), more));
    if (!Files.exists(data())) {
      Core.open(
              DataDirectory.take(data()).orElseThrow(),
              ConfigurationFile.read(file).withData(data()),
              new SimpleMeterRegistry(),
              Clock.systemUTC())
          .close();
    }
    StringWriter out = new StringWriter();
    int status =
        Main.commandLine()
            .setOut(new PrintWriter(out))
            .execute(
                "queue", "tls", domain, "--data", data().toString(), "--config", file.toString());
    assertThat(status).isZero();
    return out.toString();
  }

  private Path data() {
    return directory.resolve("data");
  }

  @Test
  void whatADomainDemandsIsShown() throws Exception {
    try (DnsStub dns = new DnsStub()) {
      dns.publish(
          """
          a.test. 300 IN MX 10 mx.a.test.
          mx.a.test. 300 IN A 192.0.2.1
          b.test. 300 IN MX 10 mx.a.test.
          _mta-sts.b.test. 300 IN TXT "v=STSv1; id=1;"
          """);
      assertThat(tls(dns, "", "A.test"))
          .containsPattern("goes to +a.test\n")
          .containsPattern("MTA-STS +none\n")
          .containsPattern(
              "mx.a.test +192.0.2.1 +no-policy-found +if offered, with any certificate");
      // Nobody has a policy host of this name, outside of this test either.
      assertThat(tls(dns, "", "b.test"))
          .containsPattern("MTA-STS +none\n")
          .containsPattern("trouble +the policy host cannot be asked");
      assertThat(tls(dns, "", "c.test")).contains("not used: 5.1.2 there is no domain c.test");
      assertThat(tls(dns, "queue.routes = {\"a.test\" = \"smtp://192.0.2.9\"}\n", "a.test"))
          .containsPattern("goes to +smtp://192.0.2.9:25\n")
          .containsPattern("relay +required, with a trusted certificate for 192.0.2.9");
    }
  }
}
