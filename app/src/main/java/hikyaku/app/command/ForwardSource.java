package hikyaku.app.command;

import hikyaku.app.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A {@code .forward} file and whose it is.
 *
 * @param account an address
 */
record ForwardSource(String account, Path file) {
  private static final String NAME = ".forward";

  /**
   * Those of a directory: {@code USER/.forward} for each directory in it, as of home directories,
   * and files that are named by an address, or by a user and {@code .forward}.
   *
   * @param domain of users that are named without one; empty if there is none
   */
  static List<ForwardSource> in(Path directory, String domain) throws Failure {
    List<ForwardSource> found = new ArrayList<>();
    for (Path each : entries(directory)) {
      String name = each.getFileName().toString();
      if (Files.isDirectory(each)) {
        Path file = each.resolve(NAME);
        if (Files.exists(file)) {
          found.add(new ForwardSource(address(name, domain, file), file));
        }
      } else if (name.endsWith(NAME) && name.length() > NAME.length()) {
        String user = name.substring(0, name.length() - NAME.length());
        found.add(new ForwardSource(address(user, domain, each), each));
      } else if (name.contains("@")) {
        found.add(new ForwardSource(name, each));
      }
    }
    if (found.isEmpty()) {
      throw new Failure("There are no .forward files in " + directory + ".");
    }
    return found;
  }

  private static List<Path> entries(Path directory) throws Failure {
    try (Stream<Path> all = Files.list(directory)) {
      return all.sorted().toList();
    } catch (IOException | java.io.UncheckedIOException e) {
      throw new Failure("The directory " + directory + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static String address(String user, String domain, Path file) throws Failure {
    if (!user.contains("@") && domain.isEmpty()) {
      throw new Failure("Whose account " + file + " is for is not known; say --domain.");
    }
    return user.contains("@") ? user : user + "@" + domain;
  }
}
