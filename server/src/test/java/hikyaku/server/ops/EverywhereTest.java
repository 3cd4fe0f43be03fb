package hikyaku.server.ops;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.link.Answer;
import hikyaku.server.link.AskerLink;
import hikyaku.server.link.LinkException;
import hikyaku.server.link.LinkKeys;
import hikyaku.server.link.LinkServer;
import hikyaku.server.link.LinkSettings;
import hikyaku.server.link.LinkedFront;
import hikyaku.server.link.NodeLink;
import hikyaku.server.link.Question;
import hikyaku.server.link.proto.Report;
import hikyaku.server.net.NetServer;
import hikyaku.server.testing.LinkRig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One question to all processes: each answers once, and who does not is named. */
final class EverywhereTest {
  private static final Question SESSIONS = Question.get("sessions");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final LinkSettings SETTINGS =
      new LinkSettings(
          Duration.ofMillis(100), PATIENCE, PATIENCE, PATIENCE, 32, false, 1000, PATIENCE);

  private final SecureRandom random = new SecureRandom();
  private final LinkKeys keys =
      LinkKeys.ofNode(purpose -> java.util.Arrays.copyOf(purpose.getBytes(UTF_8), 32));
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final List<NodeLink> open = new ArrayList<>();
  private final List<Neighbours.Node> nodes = new ArrayList<>();
  private NetServer server;
  private LinkServer one;
  private LinkServer two;

  @BeforeEach
  void start() throws IOException {
    server = LinkRig.server();
    one = node("n1");
    two = node("n2");
    nodes.add(at("n2", "up", two.address().getPort()));
  }

  @AfterEach
  void stop() {
    open.forEach(NodeLink::close);
    one.close(Duration.ZERO);
    two.close(Duration.ZERO);
    server.close();
  }

  private static Neighbours.Node at(String name, String state, int port) {
    return new Neighbours.Node(name, state, Optional.of("127.0.0.1:" + port));
  }

  /** A node that says its name to whatever it may be asked. */
  private LinkServer node(String name) throws IOException {
    LinkServer node = LinkRig.links(name, keys, SETTINGS, server);
    node.answerBy(new LinkAnswers(api(name, node), neighbours(node), PATIENCE));
    node.start();
    return node;
  }

  private AdminApi api(String name, LinkServer links) {
    return new AdminApi(
        List.of(table -> {
          table.add("GET", "sessions", _ -> said(name));
          table.add("GET", "config", _ -> said("a secret"));
          table.add(
              "GET",
              "here",
              _ ->
                  AdminResponse.ok(
                      Map.of(
                          "name",
                          name,
                          "new in the next release",
                          1,
                          "fronts",
                          links == null
                              ? List.of()
                              : links.fronts().stream()
                                  .map(front ->
                                      new HereOperations.Front(
                                          front.name(), Long.toHexString(front.run()), 0))
                                  .toList())));
        }));
  }

  private AdminResponse said(String name) {
    asked.add(name);
    return AdminResponse.ok(List.of(name));
  }

  private Neighbours neighbours(LinkServer links) {
    return new Neighbours() {
      @Override
      public List<Node> nodes() {
        return List.copyOf(nodes);
      }

      @Override
      public List<LinkedFront> fronts() {
        return links.fronts();
      }

      @Override
      public Answer ask(long run, Question question, Duration patience)
          throws LinkException, InterruptedException {
        return links.ask(run, question, patience);
      }
    };
  }

  private void front(long run, LinkServer to) throws Exception {
    NodeLink link =
        NodeLink.connect(
            to.address(),
            "front" + run,
            keys,
            SETTINGS,
            InstantSource.system(),
            random,
            new NodeLink.Watcher() {
              @Override
              public void reported(NodeLink ignored, Report report) {}

              @Override
              public void lost(NodeLink ignored, String why) {}

              @Override
              public hikyaku.server.link.Answerer answerer() {
                return new LinkAnswers(api("front" + run, null), Neighbours.NONE);
              }

              @Override
              public long run() {
                return run;
              }
            });
    open.add(link);
    while (to.fronts().stream().noneMatch(front -> front.run() == run)) {
      Thread.sleep(1);
    }
  }

  private Everywhere.Gathered ask(Question question) throws InterruptedException {
    return ask(question, "nobody");
  }

  /**
   * @param mute the address of one who need not be waited for
   */
  private Everywhere.Gathered ask(Question question, String mute) throws InterruptedException {
    LinkAnswers own = new LinkAnswers(api("n1", one), neighbours(one), PATIENCE);
    return new Everywhere(
            new Everywhere.Self("n1", "node", 0, own),
            neighbours(one),
            address ->
                AskerLink.connect(
                    address,
                    "n1",
                    keys,
                    SETTINGS,
                    address.equals(mute) ? Duration.ofMillis(500) : PATIENCE,
                    random),
            PATIENCE)
        .ask(question);
  }

  private static List<String> names(Everywhere.Gathered gathered) {
    return gathered.answers().stream()
        .map(said -> said.name() + " " + said.status() + " " + said.value())
        .toList();
  }

  @Test
  void everybodyAnswersOnce() throws Exception {
    front(7, one);
    front(7, two);
    front(8, two);
    Everywhere.Gathered gathered = ask(SESSIONS);
    assertThat(gathered.silent()).isEmpty();
    assertThat(names(gathered))
        .containsExactly(
            "n1 200 [\"n1\"]",
            "n2 200 [\"n2\"]",
            "front7 200 [\"front7\"]",
            "front8 200 [\"front8\"]");
    assertThat(asked).containsExactlyInAnyOrder("n1", "n2", "front7", "front8");
    for (Everywhere.Said said : gathered.answers()) {
      assertThat(Math.abs(said.clock())).isLessThanOrEqualTo(said.within());
    }
  }

  @Test
  void whoDoesNotAnswerIsNamedWithTheReason() throws Exception {
    try (ServerSocket mute = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      int closed;
      try (ServerSocket gone = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        closed = gone.getLocalPort();
      }
      nodes.add(at("n3", "up", closed));
      nodes.add(at("n4", "draining", mute.getLocalPort()));
      nodes.add(at("n5", "down", closed));
      nodes.add(new Neighbours.Node("n6", "up", Optional.empty()));
      front(0, two);
      Everywhere.Gathered gathered = ask(SESSIONS, "127.0.0.1:" + mute.getLocalPort());
      assertThat(names(gathered)).containsExactly("n1 200 [\"n1\"]", "n2 200 [\"n2\"]");
      assertThat(gathered.silent().stream().map(silent -> silent.name() + ": " + silent.why()))
          .satisfiesExactly(
              front -> assertThat(front).startsWith("front0: it is of a release"),
              n3 -> assertThat(n3).startsWith("n3: ").containsIgnoringCase("refused"),
              n4 -> assertThat(n4).startsWith("n4: no answer within"),
              n5 -> assertThat(n5).isEqualTo("n5: it is down"),
              n6 -> assertThat(n6).contains("listen.link.enabled"));
    }
  }

  @Test
  void whatIsNotForOthersIsRefusedByAll() throws Exception {
    front(7, two);
    for (Question no :
        List.of(
            Question.get("config"),
            Question.get(),
            Question.of("PUT", List.of("sessions"), Map.of()),
            Question.of("DELETE", List.of("here"), Map.of()))) {
      assertThat(ask(no).answers()).hasSize(3).allMatch(said -> said.status() == 403);
    }
    assertThat(asked).isEmpty();
  }

  @Test
  void refusalsAreAnswers() throws Exception {
    assertThat(names(ask(Question.of("DELETE", List.of("sessions", "no/such"), Map.of()))))
        .allMatch(said -> said.contains(" 404 "));
  }
}
