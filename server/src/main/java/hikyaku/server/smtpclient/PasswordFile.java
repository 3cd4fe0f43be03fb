package hikyaku.server.smtpclient;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passwords for relays: a file with a line for each login, {@code USER@HOST}, a space, and the
 * password. Empty lines and those that begin with {@code #} say nothing. It is read at each login,
 * so that it can be changed.
 */
public record PasswordFile(Optional<Path> file) implements SmtpClient.Password {
  private static final Logger LOG = LoggerFactory.getLogger(PasswordFile.class);

  @Override
  public @Nullable String of(Relay relay) {
    if (file.isEmpty()) {
      return null;
    }
    String wanted = relay.user() + "@" + relay.host() + " ";
    try {
      return Files.readAllLines(file.get()).stream()
          .filter(line -> !line.startsWith("#") && line.startsWith(wanted))
          .map(line -> line.substring(wanted.length()).strip())
          .findFirst()
          .orElse(null);
    } catch (IOException e) {
      LOG.atWarn()
          .addKeyValue("file", file.get())
          .addKeyValue("cause", e.getClass().getSimpleName())
          .log("the passwords for relays cannot be read");
      return null;
    }
  }
}
