package hikyaku.systemtests.internet;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Knot, which has the root and the zones below it, most of them signed, and Unbound, which resolves
 * from that root and believes its key alone.
 */
final class NameServers {
  /** Everything of it counts for this long, in seconds; that there is nothing is not remembered. */
  private static final String HEAD =
      """
      $ORIGIN %1$s
      $TTL 60
      @ SOA ns.example. hostmaster.example. %2$d 3600 600 86400 0
      @ NS ns.example.
      """;

  private static final String SERVER =
      """
      server:
          rundir: /var/knot
          listen: 0.0.0.0@53
      database:
          storage: /var/knot
      log:
        - target: stdout
          any: info
      policy:
        - id: one-key
          manual: on
          single-type-signing: on
          algorithm: ecdsap256sha256
      template:
        - id: default
          storage: /var/knot
          zonefile-sync: -1
          dnssec-policy: one-key
          dnssec-signing: on
      zone:
        - domain: .
          file: root
        - domain: example.
          file: example
        - domain: bogus.example.
          file: bogus
        - domain: unsigned.example.
          file: unsigned
          dnssec-signing: off
      """;

  /** Records come in one order: there are programs that look at the first alone. */
  private static final String RESOLVER =
      """
      server:
        chroot: ""
        username: ""
        pidfile: ""
        directory: /etc/unbound
        use-syslog: no
        interface: 0.0.0.0
        do-ip6: no
        access-control: %s allow
        module-config: "validator iterator"
        root-hints: /etc/unbound/hints
        trust-anchor-file: /etc/unbound/root.key
        unblock-lan-zones: yes
        val-log-level: 2
        cache-max-negative-ttl: 0
        num-threads: 1
        rrset-roundrobin: no
      """;

  private static final String CONFIGURATION = "/etc/knot/knot.conf";
  private static final String EXAMPLE = "example";

  /** More than a zone's serial moves on when it is signed. */
  private static final int SERIALS = 1000;

  private static final List<String> SIGNED = List.of(".", "example.", "bogus.example.");

  private final Host names;
  private final Map<String, String> records;
  private String example = "";
  private int serial = 1;

  /**
   * @param records the lines of each zone's file, by the file's name
   */
  NameServers(Host names, Map<String, String> records) {
    this.names = names;
    this.records = records;
  }

  /** Writes a zone's file. */
  private void write(String file, int serial, String lines) throws IOException {
    String origin =
        switch (file) {
          case "root" -> ".";
          case EXAMPLE -> "example.";
          default -> file + ".example.";
        };
    names.var("knot/" + file, HEAD.formatted(origin, serial) + lines);
  }

  /**
   * Makes the keys and starts the server.
   *
   * @return the key of the root, for those who resolve
   */
  String start() throws IOException, InterruptedException {
    names.etc("knot/knot.conf", SERVER);
    names.open("knot");
    for (String zone : SIGNED) {
      keys(zone, "generate", "algorithm=ECDSAP256SHA256", "ksk=yes", "zsk=yes");
    }
    String address = "ns.example. A " + names.machine().address() + "\n";
    // Of another key: whatever is said below cannot be true.
    String wrong = keys("bogus.example.", "ds").replaceAll("[0-9A-Fa-f]{8}\\n", "00000000\n");
    example = "bogus NS ns\nunsigned NS ns\n" + address + wrong + records.get(EXAMPLE);
    write(
        "root",
        1,
        "example. NS ns.example.\n" + address + keys("example.", "ds") + records.get("root"));
    write(EXAMPLE, serial, example);
    write("bogus", 1, records.get("bogus"));
    write("unsigned", 1, records.get("unsigned"));
    Process server = names.launch("knotd", "-c", CONFIGURATION);
    while (!isUp()) {
      if (!server.isAlive()) {
        throw new IOException("Knot has ended: " + Files.readString(names.log()));
      }
    }
    return keys(".", "dnskey");
  }

  private boolean isUp() throws InterruptedException {
    try {
      control("status");
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private String keys(String zone, String... command) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of("keymgr", "-c", CONFIGURATION));
    line.add(zone);
    line.addAll(List.of(command));
    return names.run(line.toArray(String[]::new));
  }

  private void control(String... command) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of("knotc", "-c", CONFIGURATION));
    line.addAll(List.of(command));
    names.run(line.toArray(String[]::new));
  }

  /** Adds lines to the file of the zone {@code example.}, and has it read again. */
  void publish(List<String> lines) throws IOException, InterruptedException {
    example += String.join("\n", lines) + "\n";
    serial += SERIALS;
    write(EXAMPLE, serial, example);
    control("-b", "zone-reload", "example.");
  }

  /** Starts a resolver on a machine, for all of its network. */
  void resolve(Host on, String network, String key) throws IOException {
    on.etc("unbound/unbound.conf", RESOLVER.formatted(network));
    on.etc("unbound/hints", ". NS ns.example.\nns.example. A " + names.machine().address() + "\n");
    on.etc("unbound/root.key", key);
    on.launch("unbound", "-d", "-c", "/etc/unbound/unbound.conf");
  }
}
