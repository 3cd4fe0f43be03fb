package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.fixtures.Machine;
import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signatures and seals, as dkimpy sees them. */
class DkimTest {
  @TempDir Path directory;

  @Test
  void othersFindTheSignaturesGood() throws Exception {
    int relay = Machine.freePorts(1).getFirst();
    String queue = "[queue]\nrelay = \"smtp+plain://127.0.0.1:" + relay + "\"\n";
    try (Node node = Node.in(directory, queue)) {
      node.start();
      Account account = node.account();
      Path keys = keys(node, account);
      run(
          "use_dkimpy.py",
          node.port(Port.SUBMISSION),
          relay,
          account.address(),
          account.password(),
          keys);
    }
  }

  @Test
  void othersFindTheSealsGood() throws Exception {
    List<Integer> ports = Machine.freePorts(2);
    int relay = ports.getFirst();
    int dns = ports.getLast();
    String settings =
        """
        [queue]
        relay = "smtp+plain://127.0.0.1:%d"
        [dns]
        resolvers = ["127.0.0.1:%d"]
        [origin]
        trusted = []
        """
            .formatted(relay, dns);
    try (Node node = Node.in(directory, settings)) {
      node.start();
      Account account = node.account();
      Path keys = keys(node, account);
      Path script = directory.resolve("forward.sieve");
      Files.writeString(script, "redirect \"next@else.test\";");
      node.command("", "sieve", "put", account.address(), "main", script.toString()).ok();
      node.command("", "sieve", "activate", account.address(), "main").ok();
      run("use_arcverify.py", node.port(Port.SMTP), relay, dns, account.address(), keys);
    }
  }

  /** Makes keys that sign, and says in a file what is to be published of them. */
  private Path keys(Node node, Account account) throws Exception {
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
    return keys;
  }

  private void run(String name, Object... arguments) throws Exception {
    URL script = Objects.requireNonNull(DkimTest.class.getResource(name));
    // Debian's, which has its packages.
    List<String> line =
        new ArrayList<>(List.of("/usr/bin/python3", "-B", Path.of(script.toURI()).toString()));
    Arrays.stream(arguments).map(Object::toString).forEach(line::add);
    Ran.in(directory, line.toArray(String[]::new)).ok();
  }
}
