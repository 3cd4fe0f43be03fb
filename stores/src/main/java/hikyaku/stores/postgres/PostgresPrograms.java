package hikyaku.stores.postgres;

import hikyaku.stores.postgres.LocalPostgres.LocalPostgresException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL's server programs of one release, and how they are run: as this user, or, if this is
 * root, as another.
 *
 * @param bin where they are
 * @param version the release's major version
 * @param user who runs them, or null for this process's user
 * @param prefix what is put before a command to run it as that user
 */
record PostgresPrograms(Path bin, int version, @Nullable String user, List<String> prefix) {
  /** Where packages put them, each with a directory for a version. */
  private static final List<String> PLACES =
      List.of("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr", "/opt");

  private static final long PATIENCE_SECONDS = 120;

  /** The newest release on this machine, or the one of a given major version. */
  static Optional<PostgresPrograms> find(Optional<String> version) {
    List<PostgresPrograms> found = new ArrayList<>();
    for (String place : PLACES) {
      Path parent = Path.of(place);
      if (Files.isDirectory(parent)) {
        try (Stream<Path> children = Files.list(parent)) {
          children.forEach(child -> add(child, found));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    return found.stream()
        .filter(programs ->
            version.isEmpty() || version.get().equals(Integer.toString(programs.version)))
        .max(Comparator.comparingInt(PostgresPrograms::version));
  }

  /** Directories are named {@code 15}, {@code pgsql-15} or {@code postgresql@15}. */
  private static void add(Path child, List<PostgresPrograms> found) {
    String digits = child.getFileName().toString().replaceFirst("^(pgsql-|postgresql@)", "");
    Path bin = child.resolve("bin");
    if (digits.matches("[1-9][0-9]")
        && Files.isExecutable(bin.resolve("initdb"))
        && Files.isExecutable(bin.resolve("pg_ctl"))) {
      found.add(new PostgresPrograms(bin, Integer.parseInt(digits), null, List.of()));
    }
  }

  /** The same, run by whom a directory needs that may be this user's alone. */
  PostgresPrograms runningIn(Path directory) throws IOException {
    if (!"root".equals(System.getProperty("user.name"))) {
      return this;
    }
    String name = exists(directory, "postgres") ? "postgres" : "nobody";
    List<String> command =
        new ArrayList<>(List.of("setpriv", "--reuid=" + name, "--regid=" + group(directory, name)));
    command.add("--clear-groups");
    if (!isOpenToAll(directory.getParent())) {
      command.add("--inh-caps=+dac_override");
      command.add("--ambient-caps=+dac_override");
    }
    command.add("--");
    return new PostgresPrograms(bin, version, name, List.copyOf(command));
  }

  private static boolean exists(Path directory, String name) throws IOException {
    try {
      UserPrincipal unused =
          directory.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(name);
      return true;
    } catch (UserPrincipalNotFoundException e) {
      return false;
    }
  }

  /** Debian's group of nobody is called nogroup. */
  private static String group(Path directory, String name) throws IOException {
    try {
      return directory
          .getFileSystem()
          .getUserPrincipalLookupService()
          .lookupPrincipalByGroupName(name)
          .getName();
    } catch (UserPrincipalNotFoundException e) {
      return "nogroup";
    }
  }

  private static boolean isOpenToAll(@Nullable Path directory) throws IOException {
    for (Path path = directory; path != null; path = path.getParent()) {
      if (!Files.getPosixFilePermissions(path).contains(PosixFilePermission.OTHERS_EXECUTE)) {
        return false;
      }
    }
    return true;
  }

  /** Makes a file or directory the property of the user that runs the programs. */
  void give(Path path) throws IOException {
    if (user != null) {
      Files.setOwner(
          path, path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user));
    }
  }

  /**
   * Runs a program to its end.
   *
   * @throws LocalPostgresException with what it said, if it fails
   */
  void run(String program, List<String> arguments) throws IOException {
    Path output = Files.createTempFile("postgres-" + program, ".out");
    try {
      int status = await(program, arguments, output);
      if (status != 0) {
        throw new LocalPostgresException(
            program + " has failed with status " + status + ": " + Files.readString(output));
      }
    } finally {
      Files.deleteIfExists(output);
    }
  }

  boolean succeeds(String program, List<String> arguments) throws IOException {
    return await(program, arguments, Path.of("/dev/null")) == 0;
  }

  /** The output goes to a file: a server that is started would hold a pipe open. */
  private int await(String program, List<String> arguments, Path output) throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(bin.resolve(program).toString());
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(Path.of("/").toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(output.toFile())
            .redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C");
    builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
    Process process = builder.start();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new LocalPostgresException(
            program + " has not come back in " + PATIENCE_SECONDS + " seconds");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new LocalPostgresException(program + " was interrupted", e);
    }
  }

  /** Takes a directory away with all in it; nothing if it is not there. */
  static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
