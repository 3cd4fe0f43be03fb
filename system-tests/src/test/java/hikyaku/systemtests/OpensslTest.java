package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TLS as OpenSSL sees it, on every door that has it. */
@ExtendWith(SharedNode.class)
class OpensslTest {
  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "SMTP, smtp",
        "SUBMISSION, smtp",
        "SUBMISSIONS, -",
        "POP3, pop3",
        "POP3S, -",
        "IMAP, imap",
        "IMAPS, -",
      })
  void negotiates(Port port, String startTls, Node node) throws Exception {
    assertThat(connect(node, port, startTls, "-tls1_3").ok().output())
        .contains("CONNECTION ESTABLISHED", "Protocol version: TLSv1.3");
    assertThat(connect(node, port, startTls, "-tls1_2").ok().output())
        .contains("CONNECTION ESTABLISHED", "Protocol version: TLSv1.2");
    assertThat(connect(node, port, startTls, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0").output())
        .doesNotContain("CONNECTION ESTABLISHED");
  }

  private Ran connect(Node node, Port port, String startTls, String... options)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of("openssl", "s_client", "-brief", "-connect", node.at(port)));
    if (startTls != null) {
      command.addAll(List.of("-starttls", startTls));
    }
    command.addAll(List.of(options));
    return Ran.in(directory, command.toArray(String[]::new));
  }
}
