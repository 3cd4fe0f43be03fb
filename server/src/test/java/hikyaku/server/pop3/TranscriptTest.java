package hikyaku.server.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.Faults;
import hikyaku.server.net.TlsMode;
import hikyaku.server.testing.Carrier;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs the transcripts. A line is one of these; {@code N} tells sessions apart and is left out
 * where there is one.
 *
 * <pre>
 * # a comment
 * with exclusive | apop | tls-required | stls | login-delay 60    before anything else
 * CN: text       client N says this; its first line opens the connection
 * SN: text       the server says exactly this to client N; "..." at the end stands for anything
 * SN: (end)      the server closes the connection, and says nothing before
 * CN: (end)      client N goes away
 * CN: (tls)      client N and the server negotiate TLS
 * CN: a\r\nb      client N says more than one line at once
 * deliver USER text     text has Java's escapes
 * expunge USER UID      by another session
 * fail CALL | fail CALL AFTER | mend     store failures, until mended
 * wait SECONDS          moves the clock
 * left USER COUNT       so many messages are in INBOX now
 * </pre>
 *
 * In what a client says, {@code {digest SECRET}} stands for the digest of APOP.
 */
class TranscriptTest {
  private static final long SEEDS = 3;

  private static final Path TRANSCRIPTS = transcripts();

  private static Path transcripts() {
    URL here = Objects.requireNonNull(TranscriptTest.class.getResource("login.txt"));
    try {
      return Path.of(here.toURI()).getParent();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> found = Files.list(TRANSCRIPTS)) {
      return found.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
    }
  }

  @TestFactory
  Stream<DynamicTest> transcript() throws IOException {
    List<Path> files = files();
    assertThat(files).hasSizeGreaterThan(5);
    return files.stream()
        .map(file ->
            DynamicTest.dynamicTest(
                file.getFileName().toString(),
                () -> new Run(Files.readAllLines(file), Optional.empty()).run()));
  }

  /** The same where the session moves to another node after each command, and where nodes die. */
  @TestFactory
  Stream<DynamicTest> carried() throws IOException {
    List<Carrier.Plan> plans = new ArrayList<>();
    plans.add(Carrier.Plan.MOVES);
    for (long seed = 1; seed <= SEEDS; seed++) {
      plans.add(Carrier.Plan.deaths(seed));
      plans.add(Carrier.Plan.deathsInAnswers(seed));
    }
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : files()) {
      List<String> lines = Files.readAllLines(file);
      for (Carrier.Plan plan : plans) {
        tests.add(
            DynamicTest.dynamicTest(
                file.getFileName() + " " + plan, () -> new Run(lines, Optional.of(plan)).run()));
      }
    }
    return tests.stream();
  }

  private static final class Run {
    private final List<String> lines;
    private final Optional<Carrier.Plan> plan;
    private final Map<String, Pop3Client> clients = new LinkedHashMap<>();
    private final Map<String, String> greetings = new LinkedHashMap<>();

    Run(List<String> lines, Optional<Carrier.Plan> plan) {
      this.lines = lines;
      this.plan = plan;
    }

    void run() throws Exception {
      try (Pop3Rig rig = rig()) {
        for (int number = 1; number <= lines.size(); number++) {
          try {
            step(rig, lines.get(number - 1));
          } catch (IOException | AssertionError e) {
            throw new AssertionError("line " + number + ": " + e.getMessage(), e);
          }
        }
        for (Pop3Client client : clients.values()) {
          client.close();
        }
      }
    }

    private Pop3Rig rig() throws IOException {
      boolean exclusive = false;
      boolean apop = false;
      boolean tlsRequired = false;
      TlsMode tls = TlsMode.NONE;
      Duration delay = Duration.ZERO;
      for (String line : lines) {
        String[] words = line.split(" ");
        if (words[0].equals("with")) {
          switch (words[1]) {
            case "exclusive" -> exclusive = true;
            case "apop" -> apop = true;
            case "tls-required" -> tlsRequired = true;
            case "stls" -> tls = TlsMode.STARTTLS;
            case "login-delay" -> delay = Duration.ofSeconds(Long.parseLong(words[2]));
            default -> throw new AssertionError("cannot be had: " + line);
          }
        }
      }
      Pop3Rig rig = new Pop3Rig(new Pop3Settings(exclusive, delay, Pop3Limits.DEFAULTS), tls, plan);
      rig.authenticator.apopEnabled = apop;
      rig.authenticator.plainTextAllowed = !tlsRequired;
      return rig;
    }

    private void step(Pop3Rig rig, String line) throws Exception {
      if (line.isBlank() || line.startsWith("#") || line.startsWith("with ")) {
        return;
      }
      if (line.matches("[CS][0-9]?: .*")) {
        int colon = line.indexOf(':');
        String name = line.substring(1, colon);
        String text = line.substring(colon + 2);
        if (!clients.containsKey(name)) {
          clients.put(name, rig.connect());
        }
        Pop3Client client = Objects.requireNonNull(clients.get(name));
        if (line.startsWith("C")) {
          say(client, name, text);
        } else {
          hear(client, name, text);
        }
        return;
      }
      String[] words = line.split(" ", 3);
      switch (words[0]) {
        case "deliver" ->
            rig.deliver(
                words[1], "", words[2].translateEscapes().getBytes(StandardCharsets.ISO_8859_1));
        case "expunge" -> rig.expunge(words[1], Long.parseLong(words[2]));
        case "fail" -> {
          Faults.When when = words.length > 2 ? Faults.When.valueOf(words[2]) : Faults.When.BEFORE;
          rig.store.faults().failWhile(Faults.Call.valueOf(words[1])::equals, when);
          rig.carrier().ifPresent(carrier -> carrier.spare(when == Faults.When.AFTER));
        }
        case "mend" -> {
          rig.store.faults().clear();
          rig.carrier().ifPresent(carrier -> carrier.spare(false));
        }
        case "wait" -> rig.clock.advance(Duration.ofSeconds(Long.parseLong(words[1])));
        case "left" ->
            assertThat(rig.inbox(words[1]).refresh().size()).isEqualTo(Integer.parseInt(words[2]));
        default -> throw new AssertionError("not understood: " + line);
      }
    }

    private void say(Pop3Client client, String name, String text) throws Exception {
      if (text.equals("(end)")) {
        client.shutdownOutput();
        return;
      }
      if (text.equals("(tls)")) {
        client.startTls();
        return;
      }
      String said = text.replace("\\r\\n", "\r\n");
      int at = said.indexOf("{digest ");
      if (at >= 0) {
        String secret = said.substring(at + "{digest ".length(), said.length() - 1);
        String greeting = Objects.requireNonNull(greetings.get(name));
        byte[] digest =
            MessageDigest.getInstance("MD5")
                .digest(
                    (greeting.substring(greeting.indexOf('<')) + secret)
                        .getBytes(StandardCharsets.UTF_8));
        said = said.substring(0, at) + HexFormat.of().formatHex(digest);
      }
      client.sendLine(said);
    }

    private void hear(Pop3Client client, String name, String text) throws IOException {
      if (text.equals("(end)")) {
        assertThat(client.closed()).as("closed").isTrue();
        return;
      }
      String heard =
          new String(client.line().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
      greetings.putIfAbsent(name, heard);
      if (text.endsWith("...")) {
        assertThat(heard).startsWith(text.substring(0, text.length() - "...".length()));
      } else {
        assertThat(heard).isEqualTo(text);
      }
    }
  }
}
