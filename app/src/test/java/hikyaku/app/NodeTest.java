package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import hikyaku.app.Door.Call;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.ops.Json;
import hikyaku.server.ops.SessionOperations;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

final class NodeTest {
  private static final String ALICE = "alice@example.org";
  private static final String PASSWORD = "correct horse battery";

  @RegisterExtension final RunningNodeExtension running = new RunningNodeExtension();

  @BeforeEach
  void anAccount() throws Failure {
    try (Door door = running.open()) {
      door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
      door.call(
          Call.of("POST", "accounts")
              .withBody(new AccountOperations.New(ALICE, PASSWORD, "Alice <Ä>")));
    }
  }

  private void deliver(String subject) throws IOException {
    try (Dialogue smtp = new Dialogue(running.port("smtp"))) {
      smtp.await("220");
      smtp.say("EHLO client.example", "250 ");
      smtp.say("MAIL FROM:<bob@example.net>", "250");
      smtp.say("RCPT TO:<" + ALICE + ">", "250");
      smtp.say("DATA", "354");
      smtp.say("From: Bob <bob@example.net>\r\nSubject: " + subject + "\r\n\r\nText\r\n.", "250");
      smtp.say("QUIT", "221");
    }
  }

  private Dialogue login() throws IOException {
    Dialogue imap = new Dialogue(running.port("imap"));
    imap.await("* OK");
    imap.say("a LOGIN " + ALICE + " \"" + PASSWORD + "\"", "a OK");
    return imap;
  }

  @Test
  void mailComesInAndIsRead() throws IOException {
    deliver("First");
    try (Dialogue imap = login()) {
      imap.say("b SELECT INBOX", "b OK");
      assertThat(imap.say("c FETCH 1 ENVELOPE", "* 1 FETCH")).contains("\"First\"");
    }
    try (Dialogue pop3 = new Dialogue(running.port("pop3"))) {
      pop3.await("+OK");
      pop3.say("USER " + ALICE, "+OK");
      assertThat(pop3.say("PASS " + PASSWORD, "+OK")).isNotNull();
      assertThat(pop3.say("STAT", "+OK")).startsWith("+OK 1 ");
    }
  }

  /** The commands' promise: with a node and without one they do the same. */
  @Test
  void bothDoorsGiveTheSameAnswers() throws Exception {
    deliver("=?utf-8?q?Gr=C3=BC=C3=9Fe?=");
    List<Call> questions =
        List.of(
            Call.of("GET", "domains"),
            Call.of("GET", "domains", "EXAMPLE.org"),
            Call.of("GET", "accounts"),
            Call.of("GET", "accounts", ALICE),
            Call.of("GET", "accounts", ALICE, "mailboxes"),
            Call.of("GET", "accounts", ALICE, "mailboxes", "INBOX"));
    List<JsonNode> overHttp;
    try (Door door = running.open()) {
      overHttp = questions.stream().map(question -> ask(door, question)).toList();
    }
    running.stop();
    try (Door door = running.open()) {
      assertThat(questions.stream().map(question -> ask(door, question)).toList())
          .isEqualTo(overHttp);
    }
    running.start();
    JsonNode message = overHttp.getLast().get("newest").get(0);
    assertThat(message.get("subject").asString()).isEqualTo("Grüße");
    assertThat(message.get("from").asString()).isEqualTo("Bob");
  }

  @Test
  void manyAccountsComeFromAFile() throws Exception {
    Path file = running.directory().resolve("accounts");
    String hash = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$";
    Files.writeString(
        file,
        "u1@example.org\tfirst password\t5M\tOne\n"
            + "u2@elsewhere.example\tx\n"
            + ALICE
            + "\tx\n"
            + "u3@example.org\t{ARGON2}"
            + hash
            + "\nu4@example.org\n");
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] arguments = {
      "account",
      "add",
      "--from",
      file.toString(),
      "--data",
      running.configuration().data().toString()
    };
    int exit =
        Main.commandLine(arguments)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(arguments);
    assertThat(exit).isEqualTo(1);
    assertThat(out.toString().strip()).isEqualTo("2 accounts added.");
    assertThat(err.toString().lines())
        .satisfiesExactly(
            line -> assertThat(line).startsWith("hikyaku: Line 2, u2@elsewhere.example: "),
            line -> assertThat(line).startsWith("hikyaku: Line 3, " + ALICE + ": "),
            line -> assertThat(line).startsWith("hikyaku: Line 4, u3@example.org: "));
    try (Door door = running.open()) {
      JsonNode u1 = door.call(Call.of("GET", "accounts", "u1@example.org"));
      assertThat(u1.get("quotaOctets").longValue()).isEqualTo(5L << 20);
      assertThat(u1.get("displayName").asString()).isEqualTo("One");
    }
    try (Dialogue imap = new Dialogue(running.port("imap"))) {
      imap.await("* OK");
      imap.say("a LOGIN u4@example.org x", "a NO");
      imap.say("b LOGIN u1@example.org \"first password\"", "b OK");
    }
  }

  @Test
  void workIsCounted() throws Exception {
    deliver("One");
    deliver("Two");
    try (Door door = running.open()) {
      JsonNode work = door.call(Call.of("GET", "stats")).get("node").get("work");
      assertThat(work.get("messages").longValue()).isEqualTo(2);
      assertThat(work.get("copies").longValue()).isEqualTo(2);
      assertThat(work.get("bugs").longValue()).isZero();
    }
  }

  @Test
  void textsAreIndexed() throws Exception {
    for (int i = 0; i < 20; i++) {
      deliver("Number " + i);
    }
    try (Dialogue imap = login();
        Door door = running.open()) {
      awaitIndexed(door, 20);
      imap.say("b SELECT INBOX", "b OK");
      assertThat(imap.say("c SEARCH TEXT \"number 17\"", "* SEARCH")).isEqualTo("* SEARCH 18");
      assertThat(door.call(Call.of("POST", "search", "rebuild")).get("folder").asString())
          .isEqualTo(running.configuration().data().resolve("search").toString());
      awaitIndexed(door, 20);
    }
    running.stop();
    try (Door door = running.open()) {
      assertThat(door.call(Call.of("GET", "search")).get("state").asString()).isEqualTo("OFF");
      refused(door, Call.of("POST", "search", "rebuild"), "There is no index here that runs.");
    }
    running.start();
  }

  private static void awaitIndexed(Door door, long messages) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      JsonNode status = door.call(Call.of("GET", "search"));
      if (status.get("state").asString().equals("FOLLOWING")
          && status.get("messages").longValue() == messages) {
        return;
      }
      assertThat(System.nanoTime()).as(status.toString()).isLessThan(end);
      Thread.sleep(20);
    }
  }

  private static JsonNode ask(Door door, Call call) {
    try {
      return door.call(call);
    } catch (Failure e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void refusalsAreSentencesThroughBothDoors() throws Failure {
    refuses();
    running.stop();
    refuses();
    running.start();
  }

  private void refuses() throws Failure {
    try (Door door = running.open()) {
      refused(
          door,
          Call.of("GET", "accounts", "bob@example.org"),
          "There is no account bob@example.org.");
      refused(door, Call.of("GET", "accounts", "bob"), "\"bob\" is no address; write user@domain.");
      refused(
          door,
          Call.of("GET", "accounts", ALICE, "mailboxes", "a/b c"),
          "There is no such mailbox: a/b c.");
      refused(
          door,
          Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")),
          "Domain example.org already exists.");
      refused(
          door,
          Call.of("DELETE", "domains", "example.org"),
          "Domain example.org still has accounts or aliases.");
      refused(
          door,
          Call.of("PUT", "domains", "example.org").withBody(java.util.Map.of("catchall", "x")),
          null);
      refused(door, Call.of("GET", "nothing"), "There is nothing at /nothing.");
      refused(door, Call.of("DELETE", "stats"), "DELETE is not possible here.");
    }
  }

  private static void refused(Door door, Call call, String sentence) {
    var thrown =
        assertThatExceptionOfType(Failure.class).isThrownBy(() -> door.call(call)).actual();
    if (sentence != null) {
      assertThat(thrown).hasMessage(sentence);
    }
  }

  @Test
  void aNewPasswordEndsSessionsAndAnOldOneNoLongerWorks() throws Exception {
    try (Dialogue imap = login();
        Door door = running.open()) {
      imap.send("b IDLE");
      imap.await("+");
      door.call(
          Call.of("PUT", "accounts", ALICE, "password")
              .withBody(new AccountOperations.Password("another one entirely")));
      assertThat(imap.await("never")).isNull();
    }
    try (Dialogue imap = new Dialogue(running.port("imap"))) {
      imap.await("* OK");
      imap.say("a LOGIN " + ALICE + " \"" + PASSWORD + "\"", "a NO");
    }
  }

  @Test
  void aDeletedAccountLeavesNothing() throws Exception {
    deliver("Gone soon");
    try (Door door = running.open()) {
      door.call(Call.of("DELETE", "accounts", ALICE));
      assertThat(door.call(Call.of("GET", "accounts"))).isEmpty();
      assertThat(running.node().core().store().logs().list("mailbox/", null, 10)).isEmpty();
      assertThat(running.node().core().store().logs().list("folders/", null, 10)).isEmpty();
    }
  }

  @Test
  void sessionsAreSeenTracedAndEnded() throws Exception {
    try (Dialogue imap = login();
        Door door = running.open()) {
      JsonNode sessions = door.call(Call.of("GET", "sessions"));
      assertThat(sessions).hasSize(1);
      JsonNode session = sessions.get(0);
      assertThat(session.get("account").asString()).isEqualTo(ALICE);
      assertThat(session.get("protocol").asString()).isEqualTo("imap");
      String id = session.get("id").asString();
      Call trace = Call.of("PUT", "trace", id);
      door.call(trace.withBody(new SessionOperations.Switch(true)));
      door.call(trace.withBody(new SessionOperations.Switch(false)));
      refused(door, trace.withBody(new SessionOperations.Switch(false)), null);
      door.call(Call.of("DELETE", "sessions", id));
      assertThat(imap.await("never")).isNull();
    }
  }

  @Test
  void aStopSaysGoodbyeToThoseWhoWait() throws Exception {
    try (Dialogue imap = login()) {
      imap.send("b IDLE");
      imap.await("+");
      running.stop();
      assertThat(imap.await("* BYE")).isNotNull();
    }
    running.start();
  }

  @Test
  void theDirectoryIsHeldByOne() throws Exception {
    assertThat(DataDirectory.take(running.configuration().data())).isEmpty();
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(
                    running.configuration().data().resolve("admin.json"))))
        .isEqualTo("rw-------");
    running.stop();
    assertThat(running.configuration().data().resolve("admin.json")).doesNotExist();
    running.start();
  }

  @Test
  void aStartThatFailsLetsGoOfEverything() throws Exception {
    int taken = running.port("imap");
    var configuration =
        running
            .configuration()
            .withData(running.directory().resolve("other"))
            .withListen(running.configuration().listen().map(l -> l.at(taken, "127.0.0.1")));
    for (int attempt = 0; attempt < 2; attempt++) {
      DataDirectory data = DataDirectory.take(configuration.data()).orElseThrow();
      assertThatExceptionOfType(Failure.class)
          .isThrownBy(() -> new Node(configuration, data))
          .withMessageContaining("listener admin on 127.0.0.1:" + taken + " cannot be bound");
    }
  }

  // ---- HTTP

  private HttpResponse<String> http(String method, String path, String... headers)
      throws IOException, InterruptedException {
    var address = running.node().adminAddress();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + address.getPort() + path))
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request.build(), BodyHandlers.ofString());
    }
  }

  @Test
  void thePagesAreThere() throws Exception {
    assertThat(http("GET", "/health/live").body()).isEqualTo("live\n");
    assertThat(http("GET", "/health/ready").body()).isEqualTo("ready\n");
    assertThat(http("GET", "/metrics").body()).contains("# TYPE ");
    assertThat(http("HEAD", "/").body()).isEmpty();
    assertThat(http("GET", "/nowhere").statusCode()).isEqualTo(404);
    assertThat(http("POST", "/").statusCode()).isEqualTo(405);
  }

  @Test
  void theStatusPageShowsSessionsAndEscapesThem() throws Exception {
    try (Dialogue imap = new Dialogue(running.port("imap"))) {
      imap.await("* OK");
      String page = http("GET", "/").body();
      assertThat(page).contains("mail.test", "ready", "imap", "Configuration in force");
      String self = running.node().status().name();
      assertThat(page).contains("<h1>" + self + "</h1>", "<tr><td>" + self + "<td class=fine>up");
      assertThat(page).doesNotContain("<script");
    }
  }

  @Test
  void theInterfaceWantsTheToken() throws Exception {
    assertThat(http("GET", "/api/accounts").statusCode()).isEqualTo(401);
    assertThat(http("GET", "/api/accounts", "Authorization", "Bearer wrong").statusCode())
        .isEqualTo(401);
    String token = DataDirectory.endpoint(running.configuration().data()).orElseThrow().token();
    assertThat(http("GET", "/api/accounts", "Authorization", "Bearer " + token).statusCode())
        .isEqualTo(200);
  }

  @Test
  void theManualNamesEveryOperation() throws Exception {
    String token = DataDirectory.endpoint(running.configuration().data()).orElseThrow().token();
    HttpResponse<String> index = http("GET", "/api/", "Authorization", "Bearer " + token);
    assertThat(index.statusCode()).isEqualTo(200);
    List<String> there = new ArrayList<>();
    for (JsonNode each : Json.MAPPER.readTree(index.body())) {
      String path = each.get("path").asString();
      if (!path.isEmpty()) {
        there.add(each.get("method").asString() + " " + path);
      }
    }
    Path manual = Path.of("../docs/manual/api.md");
    List<String> told =
        Pattern.compile("(?m)^\\| `([^`]+)` \\|")
            .matcher(Files.readString(manual).split("## All operations")[1])
            .results()
            .map(match -> match.group(1))
            .toList();
    assertThat(told).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(there);
  }

  /** A page of somebody's domain that leads to 127.0.0.1 must not read ours. */
  @Test
  void aForeignNameIsRefused() throws Exception {
    int port = running.node().adminAddress().getPort();
    try (Dialogue http = new Dialogue(port)) {
      http.send("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n");
      assertThat(http.await("HTTP/1.1")).startsWith("HTTP/1.1 421");
    }
  }

  /** Requests that never end neither use up the descriptors nor stay in the way. */
  @Test
  void aCrowdAtTheAdminPortIsBounded() throws Exception {
    var admin = running.node().adminAddress();
    List<Socket> crowd = new ArrayList<>();
    try {
      for (int i = 0; i < 250; i++) {
        Socket one = new Socket("127.0.0.1", admin.getPort());
        crowd.add(one);
        one.setSoTimeout(60_000);
        try {
          one.getOutputStream().write("GET / HT".getBytes(StandardCharsets.US_ASCII));
        } catch (SocketException closedAlready) {
          assertThat(i).isGreaterThanOrEqualTo(200);
        }
      }
      assertThat(isClosed(crowd.getLast())).isTrue();
      deliver("Meanwhile");
    } finally {
      for (Socket one : crowd) {
        one.close();
      }
    }
    Optional<JsonNode> answer = Optional.empty();
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (answer.isEmpty() && System.nanoTime() < end) {
      try (Door door = running.open()) {
        answer = Optional.of(door.call(Call.of("GET", "domains")));
      } catch (Failure stillFull) {
        Thread.onSpinWait();
      }
    }
    assertThat(answer).isPresent();
  }

  private static boolean isClosed(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketException reset) {
      return true;
    }
  }
}
