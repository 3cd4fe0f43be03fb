package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TraceTest {
  private final List<String> seen = Collections.synchronizedList(new ArrayList<>());

  private TraceSink sink() {
    return (_, direction, text) -> seen.add(direction.name().charAt(0) + " " + text);
  }

  @Test
  void showsBothSidesAndNoSecret() throws Exception {
    try (TestServer server = new TestServer()) {
      server.traces.follow(new Traces.Subject.OfAddress(InetAddress.getLoopbackAddress()), sink());
      try (TestClient client = server.connect()) {
        client.talk("ECHO hello", "hello");
        client.talk("LOGIN anna swordfish", "OK");
        client.send("AUTH PLAIN\r\n");
        client.expect("+ go on");
        client.talk("c3dvcmRmaXNo", "12");
        client.talk("LOGIM anna swordfish", "BAD");
        client.talk("LIT 9", "+ send");
        client.send("swordfish");
        client.expect("OK 9");
        client.expect("swordfish");
        client.send("NOOP\r\nNOOP swordfish\r\n");
        client.expect("OK");
        client.expect("OK");
        client.send("ECHO \033[2J\u00e9\r\n");
        client.expect("\033[2J\u00e9");
        client.talk("QUIT", "BYE");
        client.expectEnd();
      }
    }
    assertThat(seen.getFirst()).startsWith("E line from /127.0.0.1");
    assertThat(seen.getLast()).isEqualTo("E end: DONE");
    assertThat(seen.subList(1, seen.size() - 1))
        .containsExactly(
            "S * HELLO",
            "C ECHO hello",
            "S hello",
            "C LOGIN <14 octets>",
            "S OK",
            "C AUTH <5 octets>",
            "S + go on",
            "C <12 octets>",
            "S 12",
            "C <20 octets>",
            "S BAD",
            "C LIT 9",
            "S + send",
            "C <9 octets>",
            "S OK 9",
            "S <9 octets>",
            "C NOOP",
            "S OK",
            "C NOOP swordfish",
            "S OK",
            "C ECHO \\x1b[2J\\xe9",
            "S \\x1b[2J\\xe9",
            "C QUIT",
            "S BYE");
  }

  @Test
  void oneSwitchedOnInsideAnExchangeBeginsAfterIt() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connect()) {
      Connection connection = server.protocol.begun.take();
      client.talk("AUTH PLAIN", "+ go on");
      try (var _ =
          server.traces.follow(new Traces.Subject.OfSession(connection.sessionId()), sink())) {
        client.talk("c3dvcmRmaXNo", "12");
        client.talk("ECHO 1", "1");
        client.talk("ECHO 2", "2");
      }
      client.talk("ECHO 3", "3");
    }
    assertThat(seen.getFirst()).startsWith("E line from");
    assertThat(String.join("\n", seen)).doesNotContain("c3dv", "ECHO 3").contains("C ECHO 2");
  }

  @Test
  void followsAnAccountFromLoginOn() throws Exception {
    try (TestServer server = new TestServer()) {
      server.traces.follow(new Traces.Subject.OfAccount("anna"), sink());
      try (TestClient anna = server.connect();
          TestClient bert = server.connect()) {
        anna.talk("ECHO before", "before");
        anna.talk("LOGIN anna swordfish", "OK");
        bert.talk("LOGIN bert catfish", "OK");
        anna.talk("ECHO after", "after");
        bert.talk("ECHO after too", "after too");
      }
    }
    assertThat(seen).contains("C ECHO after").noneMatch(line -> line.contains("too"));
    assertThat(seen).noneMatch(line -> line.contains("before") || line.contains("fish"));
  }

  /** By address and by account, and on until both are off. */
  @Test
  void whoIsFollowedTwiceToOnePlaceIsWrittenOnce() throws Exception {
    TraceSink sink = sink();
    try (TestServer server = new TestServer()) {
      server.traces.follow(new Traces.Subject.OfAddress(InetAddress.getLoopbackAddress()), sink);
      Traces.Following second = server.traces.follow(new Traces.Subject.OfAccount("anna"), sink);
      try (TestClient anna = server.connect()) {
        anna.talk("LOGIN anna swordfish", "OK");
        anna.talk("ECHO one", "one");
        second.close();
        anna.talk("ECHO two", "two");
      }
    }
    assertThat(seen).containsOnlyOnce("C ECHO one", "C ECHO two");
  }

  @Test
  void aSinkThatFailsCostsItsTraceOnly() throws Exception {
    try (TestServer server = new TestServer()) {
      server.traces.follow(
          new Traces.Subject.OfAddress(InetAddress.getLoopbackAddress()),
          (_, _, _) -> {
            throw new IllegalStateException("sink");
          });
      server.traces.follow(new Traces.Subject.OfAddress(InetAddress.getLoopbackAddress()), sink());
      try (TestClient client = server.connect()) {
        client.talk("NOOP", "OK");
      }
    }
    assertThat(seen).contains("C NOOP");
  }

  @Test
  void writesFilesForTheirOwnerAlone(@TempDir Path directory) throws Exception {
    TraceFiles files = new TraceFiles(directory.resolve("traces"), InstantSource.system());
    files.line("s1", TraceSink.Direction.CLIENT, "NOOP");
    files.line("s1", TraceSink.Direction.SERVER, "OK");
    Path file = files.file("s1");
    assertThat(Files.readAllLines(file))
        .satisfiesExactly(
            line -> assertThat(line).endsWith(" C: NOOP"),
            line -> assertThat(line).endsWith(" S: OK"));
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void sessionIdsSortByTimeEvenIfTheClockDoesNot() {
    long[] now = {1_700_000_000_000L};
    SessionIds ids = new SessionIds(() -> java.time.Instant.ofEpochMilli(now[0]));
    List<String> given = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      now[0] += i % 7 == 0 ? -3 : i % 3;
      given.add(ids.get());
    }
    assertThat(given).isSorted().doesNotHaveDuplicates().allMatch(id -> id.length() == 15);
  }

  @Test
  void sessionIdsOfTwoProcessesDiffer() {
    java.time.InstantSource clock = () -> java.time.Instant.ofEpochMilli(1_700_000_000_000L);
    String one = new SessionIds(clock, new java.util.Random(1)).get();
    String other = new SessionIds(clock, new java.util.Random(2)).get();
    assertThat(one).isNotEqualTo(other);
    assertThat(one.substring(0, 11)).isEqualTo(other.substring(0, 11));
  }
}
