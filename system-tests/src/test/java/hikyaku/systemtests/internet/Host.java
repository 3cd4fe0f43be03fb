package hikyaku.systemtests.internet;

import hikyaku.fixtures.Machine;
import hikyaku.fixtures.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * A machine with an {@code /etc} and, if it runs a server, a {@code /var} and programs of its own.
 * They are laid over those of the machine that this runs on, for what is started here alone. What
 * is in {@code /etc} must be written before anything is started.
 */
final class Host {
  /** Programs beside those that are installed, what is in /etc, and /var; the first two layered. */
  private static final String LAYERS =
      """
      set -e
      PATH=$PATH:/usr/sbin:/sbin
      [ -z "$1" ] || mount -t overlay overlay -o "lowerdir=$1/usr:/usr" /usr
      mount -t overlay overlay -o "lowerdir=$2" /etc
      [ -z "$3" ] || mount --bind "$3" /var
      shift 3
      exec "$@"
      """;

  /** Those that servers want to run as, whoever is known to the machine that this runs on. */
  private static final String USERS =
      """
      root:x:0:0::/:/bin/sh
      nobody:x:65534:65534::/:/bin/sh
      postfix:x:1501:1501::/:/bin/sh
      Debian-exim:x:1503:1503::/:/bin/sh
      dovecot:x:1504:1504::/:/bin/sh
      dovenull:x:1505:1505::/:/bin/sh
      """;

  private static final String GROUPS =
      """
      root:x:0:
      mail:x:8:
      nogroup:x:65534:
      postfix:x:1501:
      postdrop:x:1502:
      Debian-exim:x:1503:
      dovecot:x:1504:
      dovenull:x:1505:
      """;

  private final Path directory;
  private final Machine machine;

  /** Why there can be none here, other than for its network; empty if there can. */
  static String hindrance() throws InterruptedException {
    String layers = "unshare --mount mount -t overlay overlay -o lowerdir=/etc:/usr /usr";
    try {
      Machine.HERE.run(List.of(layers.split(" ")));
      return "";
    } catch (IOException e) {
      return "directories cannot be laid over each other: " + e.getMessage();
    }
  }

  private Host(Machine bare, Path directory, Path programs, String resolver) throws IOException {
    this.directory = directory;
    Files.createDirectories(etc());
    etc("resolv.conf", "nameserver " + resolver + "\noptions trust-ad timeout:5\n");
    etc("hosts", "127.0.0.1 localhost\n");
    etc("nsswitch.conf", "passwd: files\ngroup: files\nservices: files\nhosts: files dns\n");
    String layers = etc().toString();
    String var = "";
    if (programs != null) {
      layers += ":" + programs.resolve("etc");
      var = directory.resolve("var").toString();
      Files.createDirectories(Path.of(var));
      etc("passwd", USERS);
      etc("group", GROUPS);
    }
    List<String> entry = new ArrayList<>(bare.entry());
    entry.addAll(
        List.of(
            "sh",
            "-c",
            LAYERS,
            "host",
            programs == null ? "" : programs.toString(),
            layers + ":/etc",
            var));
    machine = new Machine(bare.address(), entry);
  }

  /** One on which what is installed here runs. */
  static Host plain(Network network, String name, Path directory, String resolver)
      throws IOException {
    return new Host(network.machine(name), directory, null, resolver);
  }

  /**
   * One that runs a server.
   *
   * @param programs where it was unpacked
   */
  static Host server(Network network, String name, Path directory, Path programs, String resolver)
      throws IOException {
    return new Host(network.machine(name), directory, programs, resolver);
  }

  /** One that runs a server on this machine's own network. */
  static Host here(Path directory, Path programs) throws IOException {
    Machine bare = new Machine(Machine.HERE.address(), List.of("unshare", "--mount"));
    return new Host(bare, directory, programs, Machine.HERE.address());
  }

  Machine machine() {
    return machine;
  }

  private Path etc() {
    return directory.resolve("etc");
  }

  /** Writes a file below /etc. */
  void etc(String name, String text) throws IOException {
    write(etc().resolve(name), text);
  }

  /** The same with one that its owner alone may read. */
  void secret(String name, String text) throws IOException {
    etc(name, text);
    Files.setPosixFilePermissions(
        etc().resolve(name), PosixFilePermissions.fromString("rw-------"));
  }

  /** A file below /var, as it is called from here. */
  Path var(String name) {
    return directory.resolve("var").resolve(name);
  }

  /** Writes a file below /var. */
  void var(String name, String text) throws IOException {
    write(var(name), text);
  }

  /** Makes a directory below /var that everybody may write to. */
  void open(String name) throws IOException {
    Files.createDirectories(var(name));
    Files.setPosixFilePermissions(var(name), PosixFilePermissions.fromString("rwxrwxrwx"));
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  /** Starts what stays. */
  Process launch(String... command) throws IOException {
    return machine.launch(log(), List.of(command));
  }

  /** Runs a program to its end; what it said. */
  String run(String... command) throws IOException, InterruptedException {
    return machine.run(List.of(command));
  }

  /** What those that stay have said. */
  String said() throws IOException {
    return Files.exists(log()) ? Files.readString(log()) : "";
  }

  /** Where they say it. */
  Path log() {
    return directory.resolve("log");
  }
}
