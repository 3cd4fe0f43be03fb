package hikyaku.systemtests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The node's self-signed certificate, for clients that want to see it beforehand. */
final class Certificate {
  private Certificate() {}

  static Path of(Node node, Path directory) throws IOException, InterruptedException {
    return of(node.at(Node.Port.IMAPS), directory);
  }

  /** That of whoever speaks TLS there. */
  static Path of(String address, Path directory) throws IOException, InterruptedException {
    String shown =
        Ran.in(directory, "openssl", "s_client", "-connect", address, "-showcerts").output();
    String begin = "-----BEGIN CERTIFICATE-----";
    String end = "-----END CERTIFICATE-----";
    int from = shown.indexOf(begin);
    if (from < 0) {
      throw new AssertionError("no certificate in:\n" + shown);
    }
    Path file = directory.resolve("certificate.pem");
    Files.writeString(file, shown.substring(from, shown.indexOf(end) + end.length()) + "\n");
    return file;
  }
}
