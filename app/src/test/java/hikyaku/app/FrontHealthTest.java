package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.Door.Call;
import hikyaku.app.config.Configuration;
import hikyaku.app.config.ConfigurationAccess;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * A front probes a node of the whole program: it sees all steps, and nobody else sees the probes.
 */
final class FrontHealthTest {
  private static final List<String> STEPS =
      List.of(
          "link",
          "smtp",
          "submission",
          "pop3",
          "imap",
          "login",
          "delivery",
          "idle",
          "fetch",
          "retrieval",
          "removal");

  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

  /** A machine that stands still for a while loses no link by that. */
  private static final String PATIENT = "[link]\nsilence = \"60s\"\npatience = \"60s\"\n";

  @TempDir Path directory;
  private Node node;
  private FrontNode front;

  private Configuration configuration(String name, String text) throws Exception {
    Configuration read = ConfigurationAccess.parse(text);
    return read.withHostname("mail.test")
        .withData(directory.resolve(name))
        .withListen(read.listen().map(l -> l.at(0, "127.0.0.1")));
  }

  @BeforeEach
  void start() throws Exception {
    Configuration of =
        configuration(
            "node",
            "[node]\nname = \"n1\"\naddress = \"127.0.0.1\"\n[listen.link]\nenabled = true\n"
                + PATIENT);
    node = new Node(of, DataDirectory.take(of.data()).orElseThrow());
    String link = ask("node", "nodes").get(0).get("link").asString();
    Files.createDirectories(directory.resolve("front"));
    Files.copy(
        directory.resolve("node").resolve("secret.key"),
        directory.resolve("front").resolve("secret.key"));
    Configuration at =
        configuration(
            "front",
            "[health]\ninterval = \"100ms\"\nuser-interval = \"100ms\"\ntimeout = \"60s\"\n"
                + PATIENT);
    at = at.withFront(at.front().withNodes(List.of(link)));
    front = new FrontNode(at, DataDirectory.take(at.data()).orElseThrow());
  }

  @AfterEach
  void stop() throws Exception {
    front.close();
    node.close();
    assertThat(ok("verify", "--data", directory.resolve("node").toString()))
        .contains("0 accounts with mail, 0 mailboxes, 0 messages")
        .contains("All is well.");
  }

  private JsonNode ask(String name, String... path) throws Exception {
    try (Door door = Door.open(configuration(name, ""))) {
      return door.call(Call.of("GET", path));
    }
  }

  private static String ok(String... line) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine(line)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(line);
    assertThat(exit).as(err.toString()).isZero();
    return out.toString();
  }

  private String page(String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + front.adminAddress().getPort() + path);
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  /** When each kind of probe has been there: link, dialogues and the user go on their own. */
  private JsonNode judged() throws Exception {
    long deadline = System.nanoTime() + PATIENCE;
    while (true) {
      JsonNode nodes = ask("front", "nodes");
      if (!nodes.isEmpty() && nodes.get(0).get("milliseconds").propertyNames().containsAll(STEPS)) {
        return nodes.get(0);
      }
      assertThat(System.nanoTime()).as(nodes.toString()).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  @Test
  void theFrontShowsHowItsNodesFare() throws Exception {
    JsonNode judged = judged();
    assertThat(judged.get("standing").asString()).isNotEqualTo("failing");
    assertThat(judged.get("milliseconds").propertyNames())
        .containsExactlyInAnyOrderElementsOf(STEPS);
    assertThat(ok("nodes", "--data", directory.resolve("front").toString()))
        .containsPattern("(?m)^NODE +STATE +WEIGHT +FACTOR +SESSIONS +HEALTH +MILLISECONDS")
        .containsPattern("(?m)^n1 +up +100 +[01]\\.[0-9]{2} +0 +(good|slow).*delivery ");
    assertThat(page("/")).contains("<h2>How nodes fare</h2>").contains("retrieval ");
    assertThat(page("/metrics"))
        .contains("hikyaku_front_node_health{node=\"n1\"}")
        .contains("hikyaku_front_probes_seconds_count{node=\"n1\",step=\"delivery\"}");
    assertThat(page("/health/ready")).isEqualTo("ready\n");
  }

  @Test
  void probesAreNoClients() throws Exception {
    judged();
    assertThat(ask("node", "sessions")).isEmpty();
    assertThat(ask("node", "nodes").get(0).get("attached").intValue()).isZero();
    JsonNode work = ask("node", "stats").get("node").get("work");
    assertThat(work.get("messages").longValue()).isZero();
    assertThat(work.get("refusals").longValue()).isZero();
    assertThat(work.get("bugs").longValue()).isZero();
  }

  @Test
  void nobodyElseReachesASyntheticUser() throws Exception {
    judged();
    String account = "0123456789abcdef-" + node.core().clock().millis() / 3_600_000;
    for (int port : List.of(port(node.status()), port(front.status()))) {
      try (Dialogue smtp = new Dialogue(port)) {
        smtp.await("220 ");
        smtp.say("EHLO client.test", "250 ");
        smtp.say("MAIL FROM:<a@b.test>", "250 ");
        smtp.say("RCPT TO:<" + account + "@probe.invalid>", "550 5.7.1");
      }
    }
    Optional<String> domain =
        node.core().directory().domains(null, 10).stream().map(d -> d.name()).findAny();
    assertThat(domain).isEmpty();
  }

  private static int port(RunningNode of) {
    return of.listeners().stream()
        .filter(view -> view.name().equals("smtp"))
        .map(view -> view.address().substring(view.address().lastIndexOf(':') + 1))
        .mapToInt(Integer::parseInt)
        .findFirst()
        .orElseThrow();
  }
}
