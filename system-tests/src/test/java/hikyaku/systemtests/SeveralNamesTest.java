package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates chosen by the name that the client asks for, and renewed while the node runs. */
class SeveralNamesTest {
  @TempDir Path directory;
  private Path live;

  @BeforeEach
  void makeCertificates() throws Exception {
    live = Files.createDirectory(directory.resolve("live"));
    Files.createDirectory(live.resolve("a"));
    make("old", "a.example.org", "a/fullchain.pem", "a/privkey.pem");
    make("old", "b.example.org", "b.pem", "b.key");
    make("old", "c.example.org", "c.pem", "c.key");
  }

  private void make(String organization, String name, String certificate, String key)
      throws IOException, InterruptedException {
    Ran.in(
            live,
            "openssl",
            "req",
            "-x509",
            "-nodes",
            "-newkey",
            "rsa:2048",
            "-days",
            "10",
            "-subj",
            "/O=" + organization + "/CN=" + name,
            "-addext",
            "subjectAltName=DNS:" + name,
            "-out",
            certificate,
            "-keyout",
            key)
        .ok();
  }

  private String subject(Node node, Port port, String name, String... startTls)
      throws IOException, InterruptedException {
    String[] command = {
      "openssl", "s_client", "-connect", node.at(port), "-servername", name, "-tls1_3"
    };
    String[] whole = java.util.Arrays.copyOf(command, command.length + startTls.length);
    System.arraycopy(startTls, 0, whole, command.length, startTls.length);
    return Ran.in(directory, whole)
        .output()
        .lines()
        .filter(line -> line.startsWith("subject="))
        .findFirst()
        .orElse("none");
  }

  @Test
  void eachNameHasItsOwn() throws Exception {
    try (Node node = Node.in(directory, "[tls]\ndirectory = \"" + live + "\"\n").start()) {
      for (String name : new String[] {"a.example.org", "b.example.org", "c.example.org"}) {
        assertThat(subject(node, Port.IMAPS, name)).contains("old", name);
        assertThat(subject(node, Port.SMTP, name, "-starttls", "smtp")).contains("old", name);
      }
      assertThat(subject(node, Port.IMAPS, "d.example.org")).contains("mail.demo.test");

      make("new", "a.example.org", "a/fullchain.pem", "a/privkey.pem");
      Files.writeString(live.resolve("b.pem"), "no certificate\n");
      make("new", "d.example.org", "d.pem", "d.key");
      Files.delete(live.resolve("c.pem"));
      Files.delete(live.resolve("c.key"));
      Ran reload = node.command("", "tls", "reload");
      assertThat(reload.exit()).isNotZero();
      assertThat(reload.output()).contains("b.pem: holds no certificate").doesNotContain("a/full");
      assertThat(subject(node, Port.IMAPS, "a.example.org")).contains("new", "a.example.org");
      assertThat(subject(node, Port.IMAPS, "b.example.org")).contains("old", "b.example.org");
      assertThat(subject(node, Port.IMAPS, "c.example.org")).contains("mail.demo.test");
      assertThat(subject(node, Port.IMAPS, "d.example.org")).contains("new", "d.example.org");

      make("new", "b.example.org", "b.pem", "b.key");
      node.command("", "tls", "reload").ok();
      assertThat(subject(node, Port.IMAPS, "b.example.org")).contains("new", "b.example.org");
      assertThat(node.command("", "tls", "show").ok().output())
          .contains("a.example.org", "b.example.org", "d.example.org", "mail.demo.test");
    }
  }
}
