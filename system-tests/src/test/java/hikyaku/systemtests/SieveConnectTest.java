package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Scripts are managed with sieve-connect, under STARTTLS, and then do what they say. */
@ExtendWith(SharedNode.class)
class SieveConnectTest {
  @TempDir Path directory;

  private Ran sieve(Node node, Account account, String... options) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "sieve-connect",
                "--server",
                "127.0.0.1",
                "--port",
                Integer.toString(node.port(Port.MANAGESIEVE)),
                "--user",
                account.address(),
                "--authmech",
                "PLAIN",
                "--notlsverify",
                "--passwordfd",
                "0"));
    command.addAll(List.of(options));
    return Ran.in(directory, Map.of(), account.password() + "\n", command.toArray(String[]::new));
  }

  @Test
  void managesScripts(Node node) throws Exception {
    Account account = node.account();
    Path script = directory.resolve("main.sieve");
    Files.writeString(script, "require [\"ereject\", \"vacation\"];\nereject \"Not wanted\";\n");
    sieve(node, account, "--localsieve", script.toString(), "--checkscript").ok();
    sieve(node, account, "--localsieve", script.toString(), "--remotesieve", "main", "--upload")
        .ok();
    sieve(node, account, "--remotesieve", "main", "--activate").ok();
    assertThat(sieve(node, account, "--list").ok().output()).contains("\"main\" ACTIVE");
    Ran refused =
        Ran.in(
            directory,
            "swaks",
            "--server",
            node.at(Port.SMTP),
            "--from",
            "a@b.example",
            "--to",
            account.address());
    assertThat(refused.output()).contains("550 5.7.1 Not wanted");
    Path copy = directory.resolve("copy.sieve");
    sieve(node, account, "--remotesieve", "main", "--localsieve", copy.toString(), "--download")
        .ok();
    assertThat(Files.readString(copy).replace("\r", "")).isEqualTo(Files.readString(script));
    Files.writeString(script, "nonsense;\n");
    Ran wrong = sieve(node, account, "--localsieve", script.toString(), "--checkscript");
    assertThat(wrong.exit()).isNotZero();
    assertThat(wrong.output()).contains("there is no command nonsense");
    sieve(node, account, "--deactivate").ok();
    sieve(node, account, "--remotesieve", "main", "--delete").ok();
    assertThat(sieve(node, account, "--list").ok().output()).doesNotContain("main");
  }
}
