package hikyaku.systemtests;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.net.URL;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** APOP and CRAM-MD5, which a node offers only if told to, and only to whom has a secret. */
@ExtendWith(SharedNode.class)
class SharedSecretTest {
  @TempDir Path directory;

  @Test
  void logsIn() throws Exception {
    try (Node node = Node.in(directory, "[login]\nshared-secrets = true\n").start()) {
      Account with = node.account();
      Account without = node.account();
      node.command("a secret of its own\n", "account", "secret", with.address(), "--password-stdin")
          .ok();
      URL script = Objects.requireNonNull(getClass().getResource("use_shared_secrets.py"));
      Ran.in(
              directory,
              "python3",
              "-B",
              Path.of(script.toURI()).toString(),
              Integer.toString(node.port(Port.POP3)),
              Integer.toString(node.port(Port.IMAP)),
              with.address(),
              "a secret of its own",
              without.address(),
              without.password())
          .ok();
    }
  }
}
