package hikyaku.protocol.mime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** The messages of the corpus, real and broken. */
public final class Corpus {
  private static final Path DIRECTORY = directory();

  private Corpus() {}

  public record Message(String name, byte[] octets) {
    @Override
    public String toString() {
      return name;
    }
  }

  public static List<Message> all() {
    try (Stream<Path> files = Files.walk(DIRECTORY)) {
      return files
          .filter(file -> file.toString().endsWith(".msg") || file.toString().endsWith(".eml"))
          .sorted()
          .map(file -> new Message(DIRECTORY.relativize(file).toString(), read(file)))
          .toList();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  static byte[] read(String name) {
    return read(DIRECTORY.resolve(name));
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static Path directory() {
    try {
      URI uri = Objects.requireNonNull(Corpus.class.getResource("/corpus")).toURI();
      // Other modules may have these classes as a jar.
      return uri.getScheme().equals("jar")
          ? FileSystems.newFileSystem(uri, Map.of()).getPath("/corpus")
          : Path.of(uri);
    } catch (URISyntaxException impossible) {
      throw new IllegalStateException(impossible);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
