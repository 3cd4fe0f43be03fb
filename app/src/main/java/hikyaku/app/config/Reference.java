package hikyaku.app.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The sample configuration, generated from the records and kept with the program. */
public final class Reference {
  private Reference() {}

  public static String sample() {
    try (InputStream in = Reference.class.getResourceAsStream("hikyaku.toml")) {
      if (in == null) {
        throw new IllegalStateException("the program lacks its sample configuration");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
