package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.Door.Call;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.ops.ListOperations;
import hikyaku.server.testing.DnsStub;
import hikyaku.server.testing.MailSink;
import hikyaku.server.testing.TrustEveryone;
import hikyaku.stores.postgres.LocalPostgres;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/**
 * Two nodes on one PostgreSQL, of which one is killed in the middle of what the other then
 * finishes: nothing is lost, and nothing is done twice.
 */
final class KilledNodesTest {
  private static final Instant DAY = Instant.parse("2026-11-22T00:00:00Z");
  private static final String PASSWORD = "correct horse battery";

  @TempDir Path directory;

  /** The node whose store is verified at the end. */
  private String last = "b";

  /** Whether the other mail server takes anything. */
  private volatile boolean willing = true;

  /** It takes so many messages, and those that are on their way to it then. */
  private volatile int most = Integer.MAX_VALUE;

  /** Messages that it has taken, or that are on their way to it. */
  private final AtomicInteger begun = new AtomicInteger();

  private LocalPostgres server;
  private MailSink other;
  private DnsStub dns;

  @BeforeEach
  void open() throws Exception {
    server =
        LocalPostgres.start(
            directory.resolve("pg"), LocalPostgres.Options.DEFAULT.with("fsync", "off"));
    other = new MailSink((line, _) -> takes(line) ? null : "451 4.3.0 later");
    dns = new DnsStub();
    for (String name : List.of("a", "b")) {
      Files.writeString(file(name), settings(name));
    }
    Files.createDirectories(directory.resolve("a"));
    Object unused = hikyaku.server.auth.KeyFile.open(directory.resolve("a/secret.key"));
  }

  @AfterEach
  void close() throws Exception {
    Path data = directory.resolve(last);
    try (Door door = Door.open(NodeProcess.configuration(file(last), data))) {
      assertThat(door.call(Call.of("POST", "verify")).get("problems")).isEmpty();
    }
    dns.close();
    other.close();
    server.close();
  }

  private boolean takes(String line) {
    if (line.equals("DATA")) {
      begun.incrementAndGet();
      boolean takes = other.taken().size() < most;
      if (!takes) {
        begun.decrementAndGet();
      }
      return takes;
    }
    return willing || !line.matches("(?:MAIL|RCPT) .*");
  }

  private Path file(String name) {
    return directory.resolve(name + ".toml");
  }

  private String settings(String name) {
    return """
    hostname = "%1$s.example.org"
    [node]
    name = "%1$s"
    key-file = "%2$s"
    [store]
    engine = "postgres"
    [store.postgres]
    url = "%3$s"
    user = "%4$s"
    password-file = "%5$s"
    [queue]
    relay = "smtp+plain://127.0.0.1:%6$d"
    first-retry = "1s"
    longest-retry = "1s"
    [dns]
    resolvers = ["%7$s"]
    [origin]
    trusted = []
    [dmarc-reports]
    enabled = true
    contact = "dmarc@example.org"
    [housekeeping]
    compact-every = "200ms"
    [lists]
    url = "https://lists.example.org"
    [listen.web]
    enabled = true
    """
        .formatted(
            name,
            directory.resolve("a/secret.key"),
            server.url(),
            LocalPostgres.USER,
            server.passwordFile(),
            other.port(),
            dns.address());
  }

  private NodeProcess start(String name, Instant now) throws Exception {
    return NodeProcess.start(file(name), directory.resolve(name), now);
  }

  private static void send(NodeProcess to, String from, String recipient, String text)
      throws Exception {
    try (Dialogue smtp = new Dialogue(to.port("smtp"))) {
      smtp.await("220");
      smtp.say("EHLO client.test", "250 ");
      send(smtp, from, recipient, text);
    }
  }

  private static void send(Dialogue smtp, String from, String recipient, String text)
      throws Exception {
    smtp.say("MAIL FROM:<" + from + ">", "250");
    smtp.say("RCPT TO:<" + recipient + ">", "250");
    smtp.say("DATA", "354");
    smtp.say(text + "\r\n.", "250");
  }

  // ---- reports of DMARC

  private static final int DOMAINS = 24;
  private static final String ASKED = "._report._dmarc.reports.test.";
  private static final String GOES_OUT = "a report of DMARC goes out";

  /** Has DNS fall silent before it says of so many domains who wants their reports. */
  private Set<String> silentAfter(int domains) {
    Set<String> asked = ConcurrentHashMap.newKeySet();
    dns.mute(name -> {
      if (name.endsWith(ASKED)) {
        asked.add(name);
      }
      return asked.size() > domains;
    });
    return asked;
  }

  @Test
  void everyReportGoesOutOnceWhoeverIsKilledMeanwhile() throws Exception {
    List<String> domains = IntStream.range(0, DOMAINS).mapToObj(i -> "d" + i + ".test").toList();
    for (String domain : domains) {
      dns.publish(
          """
          _dmarc.%1$s. 300 IN TXT "v=DMARC1; p=none; rua=mailto:r@reports.test"
          %1$s._report._dmarc.reports.test. 300 IN TXT "v=DMARC1"
          """
              .formatted(domain));
    }
    willing = false;
    try (NodeProcess a = start("a", DAY.plus(Duration.ofHours(10)))) {
      try (Door door = a.door()) {
        door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
        door.call(
            Call.of("POST", "accounts")
                .withBody(new AccountOperations.New("ann@example.org", PASSWORD, null)));
      }
      try (Dialogue smtp = new Dialogue(a.port("smtp"))) {
        smtp.await("220");
        smtp.say("EHLO client.test", "250 ");
        for (String domain : domains) {
          send(smtp, "jo@" + domain, "ann@example.org", "From: jo@" + domain + "\r\n\r\nhi");
        }
      }
      a.kill();
    }
    // The day is over, and each of them is killed where it waits for DNS.
    Instant over = DAY.plus(Duration.ofHours(26));
    int enough = DOMAINS / 3;
    int killed = 0;
    for (String name : List.of("a", "b")) {
      Set<String> asked = silentAfter(enough);
      try (NodeProcess node = start(name, over.plus(Duration.ofHours(killed++)))) {
        MailSink.until("DNS was asked of " + enough, () -> asked.size() > enough);
        node.kill();
        assertThat(node.count(GOES_OUT)).as(name).isPositive();
      }
    }
    dns.mute(_ -> false);
    willing = true;
    Instant last = over.plus(Duration.ofHours(killed));
    try (NodeProcess a = start("a", last);
        NodeProcess b = start("b", last)) {
      other.await(DOMAINS);
      for (NodeProcess each : List.of(a, b)) {
        each.await("report DMARC", each.count("report DMARC") + 2);
      }
      assertThat(List.of(a.count(GOES_OUT), b.count(GOES_OUT)))
          .as("one of them sends, the other leaves it to that one")
          .contains(0L);
    }
    assertThat(other.taken())
        .extracting(taken -> found("Subject: Report Domain: (\\S+)", taken.text()))
        .containsExactlyInAnyOrderElementsOf(domains);
  }

  private static String found(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).as("%s in %s", pattern, text).isTrue();
    return matcher.group(1);
  }

  // ---- mail of users

  private static final String USER = "alice@example.org";

  private static void submit(NodeProcess to, String recipient) throws Exception {
    try (Dialogue smtp = new Dialogue(to.port("submission"))) {
      smtp.await("220");
      smtp.say("EHLO client.test", "250 ");
      byte[] login = ("\0" + USER + "\0" + PASSWORD).getBytes(StandardCharsets.UTF_8);
      smtp.say("AUTH PLAIN " + Base64.getEncoder().encodeToString(login), "235");
      send(smtp, USER, recipient, "Subject: to " + recipient + "\r\n\r\nText");
    }
  }

  /**
   * What a node has accepted is sent by the other one, which stays alone. It comes twice only where
   * the dead one cannot have known that it was taken.
   */
  @Test
  void whatIsInTheQueueIsSentByTheNodeThatIsLeft() throws Exception {
    List<String> recipients =
        IntStream.range(0, 40).mapToObj(i -> "r" + i + "@r" + i % 3 + ".test").toList();
    willing = false;
    try (NodeProcess b = start("b", DAY)) {
      NodeProcess a = start("a", DAY);
      try {
        try (Door door = a.door()) {
          door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
          door.call(
              Call.of("POST", "accounts").withBody(new AccountOperations.New(USER, PASSWORD, "")));
        }
        for (int i = 0; i < recipients.size(); i++) {
          submit(i % 2 == 0 ? a : b, recipients.get(i));
        }
        a.await("this node works a part of the queue", 1);
        b.await("this node works a part of the queue", 1);
        most = 10;
        willing = true;
        other.await(most);
      } finally {
        a.kill();
      }
      assertThat(other.taken()).hasSizeLessThan(recipients.size());
      most = Integer.MAX_VALUE;
      MailSink.until("an empty queue", () -> inQueue(b) == 0);
    }
    for (String recipient : recipients) {
      List<String> to = List.of(recipient);
      assertThat(other.taken()).as(recipient).anyMatch(each -> each.to().equals(to));
      assertThat(other.known().stream().filter(each -> each.to().equals(to)))
          .as("copies for " + recipient + " that a node knew of")
          .hasSizeLessThanOrEqualTo(1);
    }
  }

  // ---- mailing lists

  private static final String LIST = "news@example.org";
  private static final String OWNER = "owner@owners.test";
  private static final List<String> MEMBERS =
      List.of("m1@members.test", "m2@members.test", "m3@members.test");

  private static void makeList(NodeProcess at, String kind, List<String> members) throws Exception {
    try (Door door = at.door()) {
      door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
      door.call(
          Call.of("POST", "lists")
              .withBody(new ListOperations.New(LIST, kind, "News", false, "keep", List.of(OWNER))));
      door.call(
          Call.of("POST", "lists", LIST, "members")
              .withBody(new ListOperations.Members(members, List.of())));
    }
  }

  @Test
  void aListGoesOnAtTheOtherNode() throws Exception {
    NodeProcess a = start("a", DAY);
    NodeProcess b = start("b", DAY);
    try {
      makeList(a, "moderated", MEMBERS);
      // The node that took the post dies; its owner hears of it from the other, and answers that.
      post(a, "first");
      a.kill();
      willing = true;
      String told = letter(1);
      willing = false;
      send(b, OWNER, found("mailto:(\\S+-accept\\S+)", told), "From: " + OWNER + "\r\n\r\nyes");
      b.kill();
      willing = true;
      a = start("a", DAY);
      List<MailSink.Taken> sent = taken(1 + MEMBERS.size());
      assertThat(recipients(sent)).containsExactlyInAnyOrderElementsOf(and(OWNER, MEMBERS));
      String first = to(sent, MEMBERS.get(0));
      String second = to(sent, MEMBERS.get(1));

      // One leaves by the web at the node that did not send, which then dies, another one by mail.
      b = start("b", DAY);
      leave(b, found("List-Unsubscribe: <(https://[^>]+)>", first));
      b.kill();
      assertThat(members(a)).containsExactlyElementsOf(MEMBERS.subList(1, 3));
      send(
          a,
          MEMBERS.get(1),
          found("(?s)List-Unsubscribe:.*?<mailto:([^>?]+)", second),
          "From: " + MEMBERS.get(1) + "\r\n\r\nbye");
      a.kill();
      b = start("b", DAY);
      assertThat(members(b)).containsExactlyElementsOf(MEMBERS.subList(2, 3));

      // What one node took is thrown away at the other.
      a = start("a", DAY);
      post(a, "second");
      willing = true;
      String reject = found("mailto:(\\S+-reject\\S+)", letter(2 + MEMBERS.size()));
      send(b, OWNER, reject, "From: " + OWNER + "\r\n\r\nno");
      assertThat(waiting(a)).isEmpty();

      // Both are told at once to let the same message through.
      post(a, "third");
      willing = true;
      assertThat(letter(3 + MEMBERS.size())).contains("Subject: third");
      String id = waiting(b).get(0).get("id").asString();
      decideAtBoth(a, b, id);
      sent = taken(4 + MEMBERS.size());
      assertThat(sent.getLast().to()).containsExactly(MEMBERS.get(2));
      assertThat(sent.getLast().text()).contains("Subject: third\n");
    } finally {
      a.close();
      b.close();
    }
    assertThat(other.taken()).as("nothing else went out").hasSize(4 + MEMBERS.size());
  }

  /**
   * A post that was answered 250 goes to all members, however its node ends right after, and
   * however the one ends that has sent some of it: to each once.
   */
  @ParameterizedTest
  @CsvSource({"postgres, true", "embedded, true", "embedded, false"})
  void aPostOutlivesItsNode(String engine, boolean killed) throws Exception {
    List<String> members =
        IntStream.range(0, 30).mapToObj(i -> "m" + i + "@members" + i % 3 + ".test").toList();
    List<String> names =
        engine.equals("postgres") ? List.of("a", "b", "a") : List.of("e", "e", "e");
    Files.writeString(
        file("e"), settings("e").replaceAll("(?s)\\[store\\].*?\\[queue\\]", "[queue]"));
    last = names.getLast();
    willing = false;
    try (NodeProcess first = start(names.get(0), DAY)) {
      makeList(first, "discussion", members);
      send(
          first,
          members.getFirst(),
          LIST,
          "From: " + members.getFirst() + "\r\nSubject: outlives\r\n\r\nText");
      end(first, killed);
    }
    most = members.size() / 3;
    willing = true;
    try (NodeProcess second = start(names.get(1), DAY)) {
      other.await(most);
      // What was taken is known to be: it is in the queue no more.
      MailSink.until("all that went is known", () -> waiting(second, members.size()));
      end(second, killed);
    }
    assertThat(other.taken()).hasSizeLessThan(members.size());
    most = Integer.MAX_VALUE;
    try (NodeProcess third = start(names.get(2), DAY)) {
      MailSink.until("an empty queue", () -> inQueue(third) == 0);
    }
    assertThat(recipients(other.taken())).containsExactlyInAnyOrderElementsOf(members);
    assertThat(other.taken())
        .allSatisfy(each -> assertThat(each.text()).contains("Subject: outlives\n", "List-Id: "));
  }

  private static void end(NodeProcess node, boolean killed) throws InterruptedException {
    if (killed) {
      node.kill();
    } else {
      node.close();
    }
  }

  private boolean waiting(NodeProcess at, int all) {
    int taken = other.taken().size();
    return taken >= most && taken == begun.get() && inQueue(at) == all - taken;
  }

  private static long inQueue(NodeProcess at) {
    try (Door door = at.door()) {
      return door.call(Call.of("GET", "queue")).get("all").asLong();
    } catch (Failure e) {
      throw new AssertionError(e);
    }
  }

  private void post(NodeProcess at, String subject) throws Exception {
    willing = false;
    send(at, "bob@test.test", LIST, "From: bob@test.test\r\nSubject: " + subject + "\r\n\r\nText");
  }

  /** Until the other server has taken so many, and those who sent them know. */
  private List<MailSink.Taken> taken(int count) throws InterruptedException {
    other.await(count);
    MailSink.until("it is known that all were taken", () -> other.known().size() >= count);
    return other.taken();
  }

  /** What the owner reads, who is the last to whom something was sent. */
  private String letter(int count) throws InterruptedException {
    MailSink.Taken taken = taken(count).getLast();
    assertThat(taken.to()).containsExactly(OWNER);
    StringBuilder text = new StringBuilder(taken.text());
    Matcher block = Pattern.compile("(?m)(?:^[A-Za-z0-9+/]{4,76}=*\n)+").matcher(taken.text());
    while (block.find()) {
      text.append(new String(Base64.getMimeDecoder().decode(block.group())));
    }
    return text.toString();
  }

  private static List<String> recipients(List<MailSink.Taken> taken) {
    return taken.stream().flatMap(each -> each.to().stream()).toList();
  }

  private static String to(List<MailSink.Taken> taken, String recipient) {
    return taken.stream()
        .filter(each -> each.to().contains(recipient))
        .map(MailSink.Taken::text)
        .findFirst()
        .orElseThrow();
  }

  private static List<String> and(String one, List<String> others) {
    List<String> all = new ArrayList<>(others);
    all.add(one);
    return all;
  }

  private static List<String> members(NodeProcess at) throws Exception {
    List<String> members = new ArrayList<>();
    try (Door door = at.door()) {
      for (JsonNode each : door.call(Call.of("GET", "lists", LIST, "members"))) {
        members.add(each.get("address").asString());
      }
    }
    return members;
  }

  private static JsonNode waiting(NodeProcess at) throws Exception {
    try (Door door = at.door()) {
      return door.call(Call.of("GET", "lists", LIST, "waiting"));
    }
  }

  /** A press of the button in a mail program (RFC 8058 §3.1), at a node. */
  private static void leave(NodeProcess at, String link) throws Exception {
    try (HttpClient client =
        HttpClient.newBuilder().sslContext(TrustEveryone.context("TLSv1.3")).build()) {
      URI there =
          URI.create(link.replaceFirst("https://[^/]+", "https://127.0.0.1:" + at.port("web")));
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(there)
                  .header("Content-Type", "application/x-www-form-urlencoded")
                  .POST(HttpRequest.BodyPublishers.ofString("List-Unsubscribe=One-Click"))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }
  }

  /** Both want the same: one decides it, the other hears who did. */
  private static void decideAtBoth(NodeProcess a, NodeProcess b, String id) throws Exception {
    List<Callable<String>> both = new ArrayList<>();
    for (NodeProcess each : List.of(a, b)) {
      both.add(() -> {
        try (Door door = each.door()) {
          JsonNode answer =
              door.call(
                  Call.of("POST", "lists", LIST, "waiting", id)
                      .withBody(new ListOperations.Wanted(true)));
          assertThat(answer.get("told").asString()).startsWith("an operator let this message");
          return answer.get("now").toString();
        }
      });
    }
    List<String> answers = new ArrayList<>();
    try (ExecutorService beside = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<String> each : beside.invokeAll(both)) {
        answers.add(each.get());
      }
    }
    assertThat(answers).containsExactlyInAnyOrder("true", "false");
  }
}
