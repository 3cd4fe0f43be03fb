package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.server.directory.Address;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this server calls itself. */
final class Hostname {
  private Hostname() {}

  /** The configured name, else that of the machine, else {@code localhost}. */
  static String of(Configuration configuration) {
    String name = configuration.hostname().isEmpty() ? ofMachine() : configuration.hostname();
    return Address.canonicalDomain(name).orElse("localhost");
  }

  private static String ofMachine() {
    Path kernel = Path.of("/proc/sys/kernel/hostname");
    try {
      // Without a look into the DNS, which may take seconds.
      return Files.exists(kernel)
          ? Files.readString(kernel).strip()
          : InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    } catch (IOException e) {
      return "localhost";
    }
  }
}
