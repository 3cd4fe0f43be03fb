package hikyaku.app.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * TLS of all listeners.
 *
 * @param certificate a PEM file with the server's certificate and, behind it, those that lead to
 *     its authority. Empty for a self-signed one, made at the first start and kept in {@code tls}
 *     of the data directory
 * @param key a PEM file with the private key of that certificate (PKCS #8, not encrypted)
 * @param directory more certificates, of which a client is shown the one that has the name it asks
 *     for: each {@code NAME.pem} there with its {@code NAME.key}, and each directory with {@code
 *     fullchain.pem} and {@code privkey.pem}. If {@code certificate} is empty and one of them has
 *     {@code hostname}, that takes the place of the self-signed one
 */
public record Tls(Optional<Path> certificate, Optional<Path> key, Optional<Path> directory) {
  public static final Tls DEFAULTS = new Tls(Optional.empty(), Optional.empty(), Optional.empty());

  public Tls {
    if (certificate.isPresent() != key.isPresent()) {
      throw new IllegalArgumentException(
          "tls.certificate and tls.key go together; "
              + (key.isPresent() ? "tls.certificate" : "tls.key")
              + " is not set");
    }
  }
}
