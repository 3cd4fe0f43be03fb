package hikyaku.systemtests.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Where the transcripts are: beside the tests that play them against ourselves. */
public final class Transcripts {
  private Transcripts() {}

  /**
   * All of a protocol, in the order of their names.
   *
   * @param root of the sources
   */
  public static List<Path> of(Path root, String protocol) throws IOException {
    Path folder = root.resolve("server/src/test/resources/hikyaku/server").resolve(protocol);
    try (Stream<Path> found = Files.list(folder)) {
      return found.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
    }
  }

  /** One of them. */
  public static Path named(Path root, String protocol, String name) throws IOException {
    return of(root, protocol).stream()
        .filter(file -> name(file).equals(name))
        .findFirst()
        .orElseThrow();
  }

  public static String name(Path file) {
    return file.getFileName().toString().replace(".txt", "");
  }
}
