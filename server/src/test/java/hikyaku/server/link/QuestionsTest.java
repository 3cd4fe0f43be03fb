package hikyaku.server.link;

import static hikyaku.server.testing.LinkRig.keys;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.server.link.proto.Report;
import hikyaku.server.net.NetServer;
import hikyaku.server.testing.LinkRig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Questions between processes: to nodes on links of their own, to fronts on theirs. */
final class QuestionsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofMillis(100);
  private static final Question LOOK = Question.get("look");
  private static final LinkSettings SETTINGS =
      new LinkSettings(
          Duration.ofMillis(100),
          PATIENCE,
          PATIENCE,
          PATIENCE,
          4,
          true,
          1000,
          Duration.ofSeconds(60));

  private final CountDownLatch never = new CountDownLatch(1);
  private NetServer server;
  private LinkServer links;

  @BeforeEach
  void start() throws IOException {
    server = LinkRig.server();
    links = LinkRig.links("n1", keys(1), SETTINGS, server);
    links.start();
  }

  @AfterEach
  void stop() {
    never.countDown();
    links.close(Duration.ZERO);
    server.close();
  }

  private AskerLink asker(LinkKeys keys) throws IOException {
    return AskerLink.connect(
        "127.0.0.1:" + links.address().getPort(),
        "n2",
        keys,
        SETTINGS,
        PATIENCE,
        new SecureRandom());
  }

  private NodeLink front(long run, Answerer answerer) throws IOException {
    return NodeLink.connect(
        links.address(),
        "front",
        keys(1),
        SETTINGS,
        InstantSource.system(),
        new SecureRandom(),
        new Front(run, answerer));
  }

  /** A front that answers; one of run 0 does not. */
  private record Front(long run, Answerer answerer) implements NodeLink.Watcher {
    @Override
    public void reported(NodeLink link, Report report) {}

    @Override
    public void lost(NodeLink link, String why) {}
  }

  private void awaitFront(long run) throws InterruptedException {
    while (links.fronts().stream().noneMatch(front -> front.run() == run)) {
      Thread.sleep(1);
    }
  }

  private static Answer echo(Question question) {
    String text =
        question.method()
            + " "
            + String.join("|", question.path())
            + " "
            + question.query().getOrDefault("of", "");
    return new Answer(200, text.getBytes(UTF_8));
  }

  @Test
  void aNodeAnswersWhatItWasAsked() throws Exception {
    links.answerBy(QuestionsTest::echo);
    String odd = "a/b|c\u0000\r\n\ud83d\ude00";
    long before = Instant.now().toEpochMilli() * 1000;
    try (AskerLink asker = asker(keys(1))) {
      assertThat(asker.node()).isEqualTo("n1");
      Answer answer =
          asker.ask(Question.of("GET", List.of("story", odd), Map.of("of", odd)), PATIENCE);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(new String(answer.json(), UTF_8)).isEqualTo("GET story|" + odd + " " + odd);
      assertThat(answer.came()).isBetween(before, answer.went());
    }
    assertThat(links.fronts()).isEmpty();
  }

  @Test
  void whoHasNoKeyAsksNothing() {
    links.answerBy(_ -> {
      throw new AssertionError("asked without the key");
    });
    assertThatThrownBy(() -> asker(keys(2))).isInstanceOf(IOException.class);
  }

  @Test
  void nothingButQuestionsGoesOverALinkForThem() throws Exception {
    try (AskerLink asker = asker(keys(1))) {
      byte[] open = new byte[10];
      asker.send(Frame.OPEN, 1, open);
      assertThatThrownBy(() -> asker.ask(LOOK, PATIENCE)).isInstanceOf(LinkException.class);
    }
  }

  @Test
  void aLongAnswerComesInParts() throws Exception {
    byte[] octets = new byte[3 * Answer.PART + 1];
    new java.util.Random(1).nextBytes(octets);
    links.answerBy(_ -> new Answer(207, octets));
    try (AskerLink asker = asker(keys(1))) {
      Answer answer = asker.ask(LOOK, PATIENCE);
      assertThat(answer.status()).isEqualTo(207);
      assertThat(answer.json()).isEqualTo(octets);
    }
  }

  @Test
  void anAnswerThatIsTooLongIsRefused() throws Exception {
    links.answerBy(_ -> new Answer(200, new byte[Answer.MOST + 1]));
    try (AskerLink asker = asker(keys(1))) {
      Answer answer = asker.ask(LOOK, PATIENCE);
      assertThat(answer.status()).isEqualTo(413);
      assertThat(new String(answer.json(), UTF_8)).contains("ask for less");
    }
  }

  @Test
  void aQuestionThatIsTooLongIsNotAsked() throws Exception {
    try (AskerLink asker = asker(keys(1))) {
      Question longOne = Question.get("x".repeat(Question.MOST));
      assertThatThrownBy(() -> asker.ask(longOne, PATIENCE)).hasMessageContaining("octets");
      asker.send(Frame.ASK, 1, new byte[Question.MOST + 1]);
      assertThatThrownBy(() -> asker.ask(LOOK, PATIENCE)).isInstanceOf(LinkException.class);
    }
  }

  @Test
  void whatIsNoQuestionIsRefused() throws Exception {
    links.answerBy(QuestionsTest::echo);
    try (AskerLink asker = asker(keys(1))) {
      // A field of a length that goes beyond the end.
      asker.send(Frame.ASK, 7, new byte[] {10, 100});
      asker.send(Frame.MORE, 12_345, new byte[0]);
      assertThat(asker.ask(LOOK, PATIENCE).status()).isEqualTo(200);
    }
  }

  @Test
  void silenceIsNotWaitedForWithoutEnd() throws Exception {
    links.answerBy(_ -> {
      never.await();
      return new Answer(200, new byte[0]);
    });
    try (AskerLink asker = asker(keys(1))) {
      assertThatThrownBy(() -> asker.ask(LOOK, SHORT)).hasMessage("no answer within 100 ms");
    }
  }

  @Test
  void aBugIsAnAnswerAndCostsNoMore() throws Exception {
    links.answerBy(question -> {
      if (question.path().contains("bug")) {
        throw new IllegalStateException("as the test wants it");
      }
      return echo(question);
    });
    try (AskerLink asker = asker(keys(1))) {
      assertThat(asker.ask(Question.get("bug"), PATIENCE).status()).isEqualTo(500);
      assertThat(asker.ask(LOOK, PATIENCE).status()).isEqualTo(200);
    }
  }

  @Test
  void manyAtOnceAreAnsweredOrRefused() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    links.answerBy(question -> {
      go.await();
      return echo(question);
    });
    try (AskerLink asker = asker(keys(1));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Answer>> asked = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        asked.add(threads.submit(() -> asker.ask(LOOK, PATIENCE)));
      }
      int refused = 0;
      while (refused < 14) {
        refused = (int) asked.stream().filter(Future::isDone).count();
        Thread.sleep(1);
      }
      go.countDown();
      int answered = 0;
      for (Future<Answer> each : asked) {
        int status = each.get().status();
        assertThat(status).isIn(200, 503);
        answered += status == 200 ? 1 : 0;
      }
      assertThat(answered).isEqualTo(16);
      assertThat(asker.ask(LOOK, PATIENCE).status()).isEqualTo(200);
    }
  }

  @Test
  void aPeerThatDiesInMidAnswerIsSaidToHave() throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      CompletableFuture<@Nullable Void> dying =
          CompletableFuture.runAsync(() -> halfAnAnswer(listener));
      LinkSettings plain =
          new LinkSettings(
              SETTINGS.heartbeat(),
              SETTINGS.silence(),
              SETTINGS.patience(),
              SETTINGS.greeting(),
              4,
              false,
              1000,
              SETTINGS.ticket());
      try (AskerLink asker =
          AskerLink.connect(
              "127.0.0.1:" + listener.getLocalPort(),
              "n2",
              keys(1),
              plain,
              PATIENCE,
              new SecureRandom())) {
        assertThatThrownBy(() -> asker.ask(LOOK, PATIENCE))
            .isInstanceOf(LinkException.class)
            .hasMessageMatching("gone in mid-answer.*|the link is gone");
      }
      dying.get();
    }
  }

  /** Greets as a node does, gives the first part of an answer, and is gone when asked for more. */
  private static void halfAnAnswer(ServerSocket listener) {
    try (Socket socket = listener.accept()) {
      Greeting greeting =
          new Greeting(
              socket.getInputStream(),
              socket.getOutputStream(),
              keys(1),
              new byte[0],
              new SecureRandom());
      assertThat(greeting.asNode("n1").purpose()).isEqualTo(Greeting.Purpose.QUESTIONS);
      byte[] part = new byte[Frame.HEADER + Questions.FIRST_HEAD + 5];
      part[0] = Frame.ANSWER;
      part[3] = (byte) (part.length - Frame.HEADER);
      part[7] = 1;
      part[Frame.HEADER] = 1;
      byte[] header = new byte[Frame.HEADER];
      byte seen = 0;
      while (seen != Frame.MORE) {
        socket.getInputStream().readNBytes(header, 0, header.length);
        socket.getInputStream().skipNBytes(Link.getInt(header, 0) & 0xff_ffff);
        seen = header[0];
        if (seen == Frame.ASK) {
          socket.getOutputStream().write(part);
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void anOlderNodeSaysThatItDoesNotKnowSuchLinks() throws Exception {
    // What a node of the release before does with the version of such a hello.
    assertThat(Greeting.Purpose.SESSIONS.version()).isEqualTo((short) 1);
    assertThat(Greeting.Purpose.QUESTIONS.version()).isNotEqualTo((short) 1);
    try (ServerSocket older = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      CompletableFuture<@Nullable Void> refusing =
          CompletableFuture.runAsync(() -> {
            try (Socket socket = older.accept()) {
              socket.getInputStream().readNBytes(Frame.HEADER + 2);
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
      LinkSettings plain = SETTINGS;
      assertThatThrownBy(() ->
              AskerLink.connect(
                  "127.0.0.1:" + older.getLocalPort(),
                  "n2",
                  keys(1),
                  plain,
                  Duration.ofSeconds(2),
                  new SecureRandom()))
          .isInstanceOf(IOException.class);
      refusing.get();
    }
  }

  @Test
  void aFrontAnswersOverItsOwnLink() throws Exception {
    byte[] octets = new byte[2 * Answer.PART + 5];
    new java.util.Random(2).nextBytes(octets);
    try (NodeLink unused = front(42, _ -> new Answer(200, octets))) {
      awaitFront(42);
      assertThat(links.fronts()).containsExactly(new LinkedFront("front", 42, 0));
      assertThat(links.ask(42, LOOK, PATIENCE).json()).isEqualTo(octets);
      assertThatThrownBy(() -> links.ask(43, LOOK, PATIENCE))
          .hasMessage("the front is no longer linked here");
    }
  }

  @Test
  void anOlderFrontIsNotAsked() throws Exception {
    // One that does not know of questions never says its number, and would be lost by a frame of
    // a type that it does not know.
    try (NodeLink link = front(0, Answerer.NOBODY)) {
      while (links.fronts().isEmpty()) {
        Thread.sleep(1);
      }
      assertThat(links.fronts().getFirst().run()).isZero();
      assertThatThrownBy(() -> links.ask(0, LOOK, PATIENCE)).isInstanceOf(LinkException.class);
      assertThat(link.isOpen()).isTrue();
    }
  }

  @Test
  void aFrontThatGoesInMidAnswerIsSaidToHave() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    try (NodeLink front =
            front(
                42,
                _ -> {
                  asked.countDown();
                  never.await();
                  return new Answer(200, new byte[0]);
                });
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      awaitFront(42);
      Future<Answer> answer = threads.submit(() -> links.ask(42, LOOK, PATIENCE));
      asked.await();
      front.close();
      // It may have gone before or after the asker began to wait.
      assertThatThrownBy(answer::get)
          .hasCauseInstanceOf(LinkException.class)
          .hasMessageMatching(".*(gone in mid-answer|the link is gone).*");
      never.countDown();
    }
  }

  @Test
  void moreLinksForQuestionsThanAreAllowedAreClosed() throws Exception {
    links.answerBy(QuestionsTest::echo);
    List<AskerLink> many = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      many.add(asker(keys(1)));
      assertThat(many.getLast().ask(LOOK, PATIENCE).status()).isEqualTo(200);
    }
    try (AskerLink oneMore = asker(keys(1))) {
      assertThatThrownBy(() -> oneMore.ask(LOOK, PATIENCE)).isInstanceOf(LinkException.class);
    }
    many.forEach(AskerLink::close);
  }
}
