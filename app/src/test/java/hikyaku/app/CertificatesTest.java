package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.app.config.Tls;
import hikyaku.server.net.SelfSigned;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CertificatesTest {
  private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");

  @TempDir Path root;
  private Path live;

  @BeforeEach
  void makeDirectory() throws IOException {
    live = Files.createDirectory(root.resolve("live"));
  }

  private void flat(String file, String... names) throws IOException {
    SelfSigned.create(
        live.resolve(file + ".pem"), live.resolve(file + ".key"), List.of(names), NOW);
  }

  private void nested(String directory, String... names) throws IOException {
    Path made = Files.createDirectories(live.resolve(directory));
    SelfSigned.create(
        made.resolve("fullchain.pem"), made.resolve("privkey.pem"), List.of(names), NOW);
  }

  private Certificates certificates(Optional<Path> own) {
    return new Certificates(
        new Tls(own, own.map(path -> path.resolveSibling("own.key")), Optional.of(live)),
        root.resolve("tls"),
        "Mail.example.org",
        InstantSource.fixed(NOW));
  }

  private Certificates certificates() {
    return certificates(Optional.empty());
  }

  private static List<String> names(Certificates.Reading reading) {
    return reading.found().stream()
        .map(found -> found.credential().names().iterator().next())
        .toList();
  }

  @Test
  void bothLayoutsAreReadAndTheRestIsLeftAlone() throws Exception {
    flat("b", "b.example.org");
    nested("a.example.net", "a.example.net");
    Files.writeString(live.resolve("README"), "no certificate");
    Files.writeString(live.resolve(".hidden.pem"), "no certificate");
    Files.createDirectory(live.resolve("empty"));
    Certificates.Reading reading = certificates().read();
    assertThat(names(reading))
        .containsExactly("mail.example.org", "a.example.net", "b.example.org");
    assertThat(reading.found().getFirst().isSelfMade()).isTrue();
    assertThat(reading.problems()).isEmpty();
  }

  @Test
  void theOneOfThisServerTakesThePlaceOfTheSelfSigned() throws Exception {
    flat("a", "a.example.net");
    flat("b", "*.example.org");
    assertThat(names(certificates().read())).containsExactly("*.example.org", "a.example.net");
    flat("c", "mail.example.org");
    Files.delete(live.resolve("b.pem"));
    Files.delete(live.resolve("b.key"));
    assertThat(names(certificates().read())).containsExactly("mail.example.org", "a.example.net");
    assertThat(root.resolve("tls")).doesNotExist();
  }

  @Test
  void theConfiguredOneGoesFirst() throws Exception {
    Path own = root.resolve("own.pem");
    SelfSigned.create(own, root.resolve("own.key"), List.of("first.example.org"), NOW);
    flat("c", "mail.example.org");
    assertThat(names(certificates(Optional.of(own)).read()))
        .containsExactly("first.example.org", "mail.example.org");
  }

  @Test
  void aBrokenOneIsNamedAndTheOthersStay() throws Exception {
    flat("a", "a.example.net");
    flat("b", "b.example.net");
    nested("c", "c.example.net");
    Certificates certificates = certificates();
    List<Certificates.Found> before = certificates.read().found();
    Files.writeString(live.resolve("a.pem"), "no certificate");
    flat("b", "new.example.net");
    Files.delete(live.resolve("c/privkey.pem"));
    flat("d", "d.example.net");
    Files.delete(live.resolve("d.pem"));
    Certificates.Reading reading = certificates.read();
    assertThat(names(reading))
        .containsExactlyInAnyOrder(
            "mail.example.org", "a.example.net", "new.example.net", "c.example.net");
    assertThat(reading.found()).contains(before.get(1));
    assertThat(reading.problems()).hasSize(3);
    assertThat(String.join("\n", reading.problems()))
        .contains("a.pem: holds no certificate")
        .contains("privkey.pem: cannot be read as a key: there is no such file")
        .contains("d.pem: cannot be read as certificates: there is no such file");
    // Again the same, and not forgotten at the third time.
    assertThat(names(certificates.read())).containsExactlyElementsOf(names(reading));
    assertThat(names(certificates().read()))
        .containsExactlyInAnyOrder("mail.example.org", "new.example.net");
  }

  @Test
  void lookingMakesNothing() throws Exception {
    assertThat(certificates().look().found()).isEmpty();
    flat("a", "a.example.net");
    assertThat(names(certificates().look())).containsExactly("a.example.net");
    assertThat(root.resolve("tls")).doesNotExist();
    assertThat(names(certificates().read())).containsExactly("mail.example.org", "a.example.net");
    assertThat(names(certificates().look())).containsExactly("mail.example.org", "a.example.net");
  }

  @Test
  void withoutTheDirectoryThereIsNoStart() throws Exception {
    Files.delete(live);
    assertThatThrownBy(() -> certificates().read())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("tls.directory cannot be read: there is no " + live);
  }
}
