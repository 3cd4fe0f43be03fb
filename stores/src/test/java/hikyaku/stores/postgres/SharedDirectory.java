package hikyaku.stores.postgres;

import java.nio.file.Path;

/**
 * Where tests keep blobs in files: below their own directory, or on another file system with {@code
 * -Dhikyaku.shared.directories=ONE,TWO}, of which the second is the same seen by another way, such
 * as another mount of a GlusterFS volume.
 */
final class SharedDirectory {
  private SharedDirectory() {}

  static Path first(Path place) {
    return seenBy(0, place);
  }

  static Path second(Path place) {
    return seenBy(1, place);
  }

  private static Path seenBy(int node, Path place) {
    String named = System.getProperty("hikyaku.shared.directories", "");
    if (named.isEmpty()) {
      return place.resolve("blobs");
    }
    String[] ways = named.split(",", -1);
    String own = place.toString().replaceAll("[^A-Za-z0-9]+", "-");
    return Path.of(ways[Math.min(node, ways.length - 1)], "test" + own);
  }
}
