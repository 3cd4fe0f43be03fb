package hikyaku.app.local;

import hikyaku.app.Failure;
import hikyaku.stores.postgres.LocalPostgres;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Installs PostgreSQL where that is possible without asking: on Debian and its like, as root. */
final class PostgresPackage {
  private static final Path APT = Path.of("/usr/bin/apt-get");

  /** By it the package is told to make no cluster of its own and to start no server. */
  private static final Path CREATE_CLUSTER =
      Path.of("/etc/postgresql-common/createcluster.d/hikyaku.conf");

  private static final long PATIENCE_MINUTES = 15;

  private PostgresPackage() {}

  /**
   * Makes sure that PostgreSQL is there.
   *
   * @param log where the package manager writes
   */
  static void install(PrintWriter out, Path log) throws Failure {
    if (LocalPostgres.isInstalled()) {
      return;
    }
    boolean root = "root".equals(System.getProperty("user.name"));
    if (!root || !Files.isExecutable(APT)) {
      throw new Failure(
          "The cluster needs PostgreSQL, and its server programs are not installed."
              + " Debian, Ubuntu: apt-get install postgresql. Fedora: dnf install postgresql-server."
              + " macOS: brew install postgresql.");
    }
    out.println("Installing PostgreSQL (apt-get install postgresql), once.");
    out.flush();
    try {
      if (!Files.exists(CREATE_CLUSTER)) {
        Files.createDirectories(CREATE_CLUSTER.getParent());
        Files.writeString(CREATE_CLUSTER, "create_main_cluster = false\n");
      }
      run(log, List.of(APT.toString(), "update", "-q"));
      run(
          log,
          List.of(APT.toString(), "install", "-q", "-y", "--no-install-recommends", "postgresql"));
    } catch (IOException e) {
      throw new Failure("PostgreSQL could not be installed: " + e.getMessage() + ".", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("Interrupted.", e);
    }
    if (!LocalPostgres.isInstalled()) {
      throw new Failure("PostgreSQL could not be installed; " + log + " says more.");
    }
  }

  private static void run(Path log, List<String> command)
      throws IOException, InterruptedException, Failure {
    Files.writeString(
        log,
        String.join(" ", command) + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
    Process process = builder.start();
    process.getOutputStream().close();
    if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
      process.destroy();
      throw new Failure(String.join(" ", command) + " does not end; " + log + " says more.");
    }
    if (process.exitValue() != 0) {
      throw new Failure(String.join(" ", command) + " failed; " + log + " says why.");
    }
  }
}
