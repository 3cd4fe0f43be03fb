package hikyaku.systemtests.internet;

import hikyaku.fixtures.Machine;
import hikyaku.fixtures.Network;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Others that judge whom mail is from, on the machine where our server is to run: OpenDKIM and
 * OpenDMARC as milters, and the tools for SPF. All ask the same DNS.
 */
public final class Judges implements AutoCloseable {
  /** That of a client of mail; it is on loopback there. */
  private static final List<String> CLIENTS = List.of("192.0.2.25/32", "2001:db8::25/128");

  private static final String POINTERS =
      """
      25.2.0.192.in-addr.arpa. PTR client.example.
      5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR client.example.
      """;

  private static final String OURS = "ours";
  private static final String NAMES = "names";
  private static final String RESOLVER = "resolver";

  private static final String OPENDKIM =
      """
      Mode v
      Socket inet:8891@127.0.0.1
      AuthservID judge.example
      AlwaysAddARHeader yes
      Nameservers %s
      On-Default accept
      """;

  private static final String OPENDMARC =
      """
      Socket inet:8893@127.0.0.1
      AuthservID judge.example
      TrustedAuthservIDs judge.example
      SPFSelfValidate true
      SPFIgnoreResults true
      PublicSuffixList /etc/suffixes
      RejectFailures true
      HoldQuarantinedMessages true
      """;

  private final Network network;
  private final List<Host> hosts = new ArrayList<>();
  private final Host ours;
  private final Host opendkim;
  private final Host opendmarc;
  private final Host tools;
  private final Host resolver;
  private final NameServers names;

  /**
   * @param directory for all that the machines keep
   * @param programs where servers were unpacked, each in a directory of its package's name
   * @param example lines of the zone {@code example.}
   */
  public Judges(Path directory, Path programs, String example)
      throws IOException, InterruptedException {
    network = new Network(List.of(OURS, NAMES, RESOLVER));
    try {
      String resolving = network.address(RESOLVER);
      ours = keep(Host.plain(network, OURS, directory.resolve(OURS), resolving));
      opendkim = server(OURS, directory, programs, "opendkim", resolving);
      opendmarc = server(OURS, directory, programs, "opendmarc", resolving);
      tools = server(OURS, directory, programs, "spfquery", resolving);
      Host names = server(NAMES, directory, programs, "knot", resolving);
      resolver = server(RESOLVER, directory, programs, "unbound", resolving);
      this.names =
          new NameServers(
              names, Map.of("root", POINTERS, "example", example, "bogus", "", "unsigned", ""));
    } catch (IOException | RuntimeException e) {
      network.close();
      throw e;
    }
  }

  private Host server(String machine, Path directory, Path programs, String name, String resolver)
      throws IOException {
    return keep(
        Host.server(network, machine, directory.resolve(name), programs.resolve(name), resolver));
  }

  private Host keep(Host host) {
    hosts.add(host);
    return host;
  }

  /** Starts them all, and returns when they can be asked. */
  public void start() throws IOException, InterruptedException {
    Machine bare = network.machine(OURS);
    for (String client : CLIENTS) {
      bare.run(List.of("ip", "address", "add", client, "dev", "lo"));
    }
    names.resolve(resolver, Network.subnet(), names.start());
    opendkim.etc("opendkim-judge.conf", OPENDKIM.formatted(network.address(RESOLVER)));
    opendmarc.etc("opendmarc-judge.conf", OPENDMARC);
    // What others register names below; our server finds that out in DNS.
    opendmarc.etc("suffixes", "example\n");
    opendkim.launch("opendkim", "-f", "-x", "/etc/opendkim-judge.conf");
    opendmarc.launch("opendmarc", "-f", "-c", "/etc/opendmarc-judge.conf");
  }

  /** Where our server is to run. */
  public Machine ours() {
    return ours.machine();
  }

  /** Where the tools are, on the same machine. */
  public Machine tools() {
    return tools.machine();
  }

  /** What all that runs here has said. */
  public String logs() throws IOException {
    StringBuilder logs = new StringBuilder();
    for (Host host : hosts) {
      logs.append(host.said());
    }
    return logs.toString();
  }

  @Override
  public void close() throws IOException, InterruptedException {
    network.close();
  }
}
