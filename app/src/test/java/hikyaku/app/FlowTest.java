package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.Door.Call;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DomainOperations;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Limits and connections, as operators and clients meet them. */
final class FlowTest {
  private static final String ALICE = "alice@example.org";
  private static final String BOB = "bob@example.org";
  private static final String PASSWORD = "correct horse battery";

  @RegisterExtension final RunningNodeExtension running = new RunningNodeExtension();

  @BeforeEach
  void accounts() throws Failure {
    try (Door door = running.open()) {
      door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
      for (String address : List.of(ALICE, BOB)) {
        door.call(
            Call.of("POST", "accounts")
                .withBody(new AccountOperations.New(address, PASSWORD, null)));
      }
    }
  }

  private record Said(int exit, String out, String err) {}

  private Said run(String... words) {
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(List.of("--data", running.configuration().data().toString()));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine(words)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(line.toArray(String[]::new));
    return new Said(exit, out.toString(), err.toString());
  }

  private String ok(String... words) {
    Said said = run(words);
    assertThat(said.exit).as(said.err).isZero();
    return said.out;
  }

  private Dialogue connect(String listener, String greeting) throws IOException {
    Dialogue client = new Dialogue(running.port(listener));
    assertThat(client.await("")).startsWith(greeting);
    return client;
  }

  private Dialogue imap(String account) throws IOException {
    Dialogue imap = connect("imap", "* OK");
    imap.say("a LOGIN " + account + " \"" + PASSWORD + "\"", "a OK");
    return imap;
  }

  @Test
  void limitsAreSetAndShownAndTakenAway() throws Exception {
    assertThat(ok("limit", "list")).contains("No limits are set");
    assertThat(ok("limit", "set", "account:*", "sessions", "2"))
        .isEqualTo("account:* has 2 sessions.\n");
    ok("limit", "set", "account:*@Example.ORG", "octets-out", "10M", "--burst", "20M");
    ok("limit", "set", "account:" + BOB, "sessions", "unlimited");
    ok("limit", "set", "domain:example.org", "commands", "1000");
    assertThat(ok("limit", "list"))
        .containsPattern("account:\\* +sessions +2 +–\n")
        .containsPattern("account:\\*@example.org +octets-out/s +10.0 MiB +20.0 MiB\n")
        .containsPattern("account:bob@example.org +sessions +unlimited +–\n")
        .containsPattern("domain:example.org +commands/s +1 000 +5 000\n");
    try (Dialogue one = imap(ALICE);
        Dialogue two = imap(ALICE);
        Dialogue three = connect("imap", "* OK")) {
      assertThat(three.say("a LOGIN " + ALICE + " \"" + PASSWORD + "\"", "a "))
          .isEqualTo("a NO [LIMIT] Too many sessions of this account");
      assertThat(three.say("b LOGIN " + BOB + " \"" + PASSWORD + "\"", "b ")).startsWith("b OK");
      try (Dialogue pop3 = connect("pop3", "+OK")) {
        pop3.say("USER " + ALICE, "+OK");
        assertThat(pop3.say("PASS " + PASSWORD, "-ERR")).startsWith("-ERR [SYS/TEMP] ");
      }
      assertThat(ok("limit", "show", "account:" + ALICE))
          .containsPattern("account:alice@example.org +sessions +2 +– +account:\\* +2 +0\n")
          .containsPattern("account:alice@example.org +sessions +100 +– +login.sessions.total +2 ")
          .containsPattern(
              "account:alice@example.org +octets-out/s +10.0 MiB +20.0 MiB"
                  + " +account:\\*@example.org ")
          .containsPattern("account:alice@example.org +commands/s +unlimited +– +nobody +– ")
          .containsPattern("domain:example.org +sessions +unlimited +– +nobody +3 +0\n");
      assertThat(ok("limit", "show", "account:" + BOB))
          .containsPattern("bob@example.org +sessions +unlimited +– +account:bob@example.org +1 ");
      one.say("z NOOP", "z OK");
      two.say("z NOOP", "z OK");
    }
    assertThat(ok("limit", "remove", "account:" + BOB)).contains("account:bob@example.org");
    assertThat(run("limit", "remove", "account:" + BOB).err)
        .isEqualTo("hikyaku: Nothing is set for account:bob@example.org.\n");
    ok("limit", "remove", "account:*", "sessions");
    assertThat(ok("limit", "list", "--json")).doesNotContain("sessions").contains("octets-out");
    // They outlast the node, and can be set while none runs.
    running.stop();
    ok("limit", "set", "listener:imap", "sessions", "0");
    assertThat(run("limit", "show", "total").err).contains("does not run");
    running.start();
    assertThat(ok("limit", "list")).contains("octets-out/s").contains("listener:imap");
    connect("imap", "* BYE [UNAVAILABLE]").close();
  }

  @Test
  void whatMakesNoSenseIsRefusedWithASentence() {
    assertThat(run("limit", "set", "alice", "sessions", "2").err)
        .contains("\"alice\" is nobody who could be limited")
        .contains("account:NAME");
    assertThat(run("limit", "set", "total", "speed", "2").err).contains("octets-in");
    assertThat(run("limit", "set", "total", "octets-in", "100").err).contains("1024 at least");
    assertThat(run("limit", "set", "total", "sessions", "2", "--burst", "3").err)
        .contains("Only a rate has a burst");
    assertThat(run("limit", "set", "total", "sessions", "many").exit).isEqualTo(2);
    assertThat(run("connections", "--end").exit).isEqualTo(2);
    assertThat(run("connections", "alice", "--end").exit).isEqualTo(2);
    assertThat(run("connections", "account:*", "--end").err).contains("account:*");
  }

  @Test
  void eachProtocolTurnsAwayInItsOwnWords() throws Exception {
    ok("limit", "set", "address:127.0.0.1", "sessions", "0");
    connect("smtp", "421 4.7.0 ").close();
    connect("submission", "421 4.7.0 ").close();
    connect("pop3", "-ERR [SYS/TEMP] ").close();
    connect("imap", "* BYE [UNAVAILABLE] ").close();
    ok("limit", "remove", "address:127.0.0.1");
    ok("limit", "set", "total", "sessions", "0");
    connect("smtp", "421 4.3.2 ").close();
    connect("submission", "421 4.3.2 ").close();
    connect("pop3", "-ERR [SYS/TEMP] ").close();
    connect("imap", "* BYE [UNAVAILABLE] ").close();
  }

  @Test
  void connectionsAreSummedUpAndEndedAndCapped() throws Exception {
    try (Dialogue one = imap(ALICE);
        Dialogue two = imap(ALICE);
        Dialogue bob = imap(BOB);
        Dialogue smtp = connect("smtp", "220")) {
      assertThat(ok("connections", "--by", "account"))
          .containsPattern("ACCOUNT +SESSIONS +OCTETS/S +OCTETS\nalice@example.org +2 .*\n")
          .containsPattern("bob@example.org +1 ")
          .containsPattern("\\(none yet\\) +1 ");
      assertThat(ok("connections", "--by", "domain", "--top", "1"))
          .containsPattern("example.org +3 ")
          .contains("and 1 more")
          .doesNotContain("none yet");
      assertThat(ok("connections", "--by", "protocol", "--json"))
          .containsPattern("\"name\" : \"imap\",\\s+\"sessions\" : 3");
      assertThat(ok("connections", "node:mail.test", "--by", "node"))
          .containsPattern("mail.test +4 ");
      assertThat(ok("connections", "node:other", "--by", "node")).contains("no sessions now");
      assertThat(ok("connections", "prefix:127.0.0.0/24", "--by", "prefix"))
          .containsPattern("127.0.0.0/24 +4 ");
      assertThat(ok("connections", "account:" + BOB)).contains(BOB).doesNotContain(ALICE);
      assertThat(ok("connections", "account:" + ALICE, "--cap", "1", "--end"))
          .contains("account:alice@example.org may have 1 sessions")
          .contains("2 sessions of account:alice@example.org ended");
      assertThat(one.await("")).isNull();
      assertThat(two.await("")).isNull();
      bob.say("z NOOP", "z OK");
      smtp.say("NOOP", "250");
      try (Dialogue again = imapWhenThereIsRoom(ALICE);
          Dialogue refused = connect("imap", "* OK")) {
        refused.say("a LOGIN " + ALICE + " \"" + PASSWORD + "\"", "a NO [LIMIT]");
        again.say("z NOOP", "z OK");
      }
    }
  }

  /** A session whose client has seen its end may be counted for a moment longer. */
  private Dialogue imapWhenThereIsRoom(String account) throws IOException {
    Dialogue imap = connect("imap", "* OK");
    String login = "a LOGIN " + account + " \"" + PASSWORD + "\"";
    String answer = imap.say(login, "a ");
    while (answer.startsWith("a NO [LIMIT]")) {
      answer = imap.say(login, "a ");
    }
    assertThat(answer).startsWith("a OK");
    return imap;
  }

  @Test
  void aCrowdIsServedAsSoonAsItsTurnComes() throws Exception {
    ok("limit", "set", "node:mail.test", "new", "1000", "--burst", "100");
    List<Dialogue> crowd = new ArrayList<>();
    long began = System.nanoTime();
    for (int i = 0; i < 500; i++) {
      crowd.add(new Dialogue(running.port("imap")));
    }
    for (Dialogue client : crowd) {
      assertThat(client.await("")).startsWith("* OK");
    }
    // The first hundred at once, the others one by one in a millisecond.
    assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(400_000_000);
    for (Dialogue client : crowd) {
      client.close();
    }
  }
}
