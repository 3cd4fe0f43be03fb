package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.fixtures.Machine;
import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signatures, as dkimpy sees them. */
class DkimTest {
  @TempDir Path directory;

  @Test
  void othersFindTheSignaturesGood() throws Exception {
    int relay = Machine.freePorts(1).getFirst();
    String queue = "[queue]\nrelay = \"smtp+plain://127.0.0.1:" + relay + "\"\n";
    try (Node node = Node.in(directory, queue)) {
      node.start();
      Account account = node.account();
      String domain = account.address().substring(account.address().indexOf('@') + 1);
      Ran made = node.command("", "domain", "dkim", "create", domain, "--json").ok();
      Path keys = directory.resolve("keys.json");
      Files.writeString(keys, made.output());
      List<String> selectors =
          made.output()
              .lines()
              .filter(line -> line.contains("\"selector\""))
              .map(line -> line.replaceAll(".*: \"(.*)\".*", "$1"))
              .toList();
      assertThat(selectors).hasSize(2);
      for (String selector : selectors) {
        node.command("", "domain", "dkim", "activate", domain, selector, "--unchecked").ok();
      }
      URL script = Objects.requireNonNull(DkimTest.class.getResource("use_dkimpy.py"));
      Ran.in(
              directory,
              "/usr/bin/python3", // Debian's, which has its packages
              "-B",
              Path.of(script.toURI()).toString(),
              Integer.toString(node.port(Port.SUBMISSION)),
              Integer.toString(relay),
              account.address(),
              account.password(),
              keys.toString())
          .ok();
    }
  }
}
