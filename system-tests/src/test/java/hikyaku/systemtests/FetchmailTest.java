package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** fetchmail takes mail away, or leaves it, by POP3 and by IMAP, with TLS in each way. */
@ExtendWith(SharedNode.class)
class FetchmailTest {
  private static final int NO_NEW_MAIL = 1;

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "pop3, POP3, sslproto '', true",
    "pop3, POP3, sslproto tls1.2+, false",
    "pop3, POP3S, ssl, true",
    "imap, IMAP, sslproto tls1.2+, true",
    "imap, IMAPS, ssl, false",
  })
  void fetches(String protocol, Port port, String tls, boolean keep, Node node) throws Exception {
    Account account = node.account();
    Mail.deliver(node, account, "first", "one\n.\n..two\n");
    Mail.deliver(node, account, "second", "three");
    configure(node, account, protocol, port, tls, keep);

    fetch().ok();
    String got = Files.readString(directory.resolve("mbox"));
    assertThat(got).contains("Subject: first\n", "\none\n.\n..two\n", "Subject: second\n");
    assertThat(Mail.subjects(node, account)).hasSize(keep ? 2 : 0);

    // What was fetched once is not fetched again.
    fetch().ended(NO_NEW_MAIL);
    Mail.deliver(node, account, "third", "four");
    fetch().ok();
    String more = Files.readString(directory.resolve("mbox")).substring(got.length());
    assertThat(more).contains("Subject: third\n").doesNotContain("Subject: first");
  }

  private void configure(
      Node node, Account account, String protocol, Port port, String tls, boolean keep)
      throws IOException {
    Path rc = directory.resolve("fetchmailrc");
    Files.writeString(
        rc,
        """
        poll 127.0.0.1 protocol %s service %d %s
          user "%s" password "%s" %s no sslcertck %s
          mda "cat >> %s"
        """
            .formatted(
                protocol,
                node.port(port),
                protocol.equals("pop3") ? "uidl" : "",
                account.address(),
                account.password(),
                tls,
                keep ? "keep" : "no keep",
                directory.resolve("mbox")));
    Files.setPosixFilePermissions(rc, PosixFilePermissions.fromString("rw-------"));
  }

  private Ran fetch() throws IOException, InterruptedException {
    return Ran.in(
        directory,
        Map.of("HOME", directory.toString(), "FETCHMAILHOME", directory.toString(), "LANG", "C"),
        "",
        "fetchmail",
        "-v",
        "--fetchmailrc",
        directory.resolve("fetchmailrc").toString(),
        "--pidfile",
        directory.resolve("pid").toString());
  }
}
