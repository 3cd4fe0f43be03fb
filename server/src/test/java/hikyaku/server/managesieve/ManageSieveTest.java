package hikyaku.server.managesieve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Domain;
import hikyaku.server.directory.Language;
import hikyaku.server.directory.Resolution;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.Onward;
import hikyaku.server.filter.Redirects;
import hikyaku.server.filter.ScriptBook;
import hikyaku.server.filter.SieveSettings;
import hikyaku.server.net.Credential;
import hikyaku.server.net.ListenerSpec;
import hikyaku.server.net.NetLimits;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.SelfSigned;
import hikyaku.server.net.SessionIds;
import hikyaku.server.net.TlsContext;
import hikyaku.server.net.TlsMode;
import hikyaku.server.net.Traces;
import hikyaku.server.queue.Wordings;
import hikyaku.server.testing.Carrier;
import hikyaku.server.testing.Carrier.Plan;
import hikyaku.server.testing.FakeAuthenticator;
import hikyaku.server.testing.TestClock;
import hikyaku.server.testing.TrustEveryone;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Dialogues with a server on loopback. */
class ManageSieveTest {
  private static final String LOGIN = "AUTHENTICATE \"PLAIN\" \"AHUxAHNlY3JldA==\"\r\n";

  private final TestClock clock = new TestClock();
  private final MemoryStore store = new MemoryStore(clock);
  private final List<MailStore> mails = new ArrayList<>();
  private final FakeAuthenticator authenticator = new FakeAuthenticator();
  private Optional<Carrier> carrier = Optional.empty();
  private @Nullable NetServer server;

  /** Sessions that stay where they are, and sessions that do not. */
  static List<Optional<Plan>> plans() {
    List<Optional<Plan>> plans =
        new ArrayList<>(List.of(Optional.empty(), Optional.of(Plan.MOVES)));
    for (long seed = 1; seed <= 6; seed++) {
      plans.add(Optional.of(Plan.deaths(seed)));
      plans.add(Optional.of(Plan.deathsInAnswers(seed)));
    }
    return plans;
  }

  private void start() throws IOException {
    start(Optional.empty());
  }

  /**
   * @param plan how sessions travel between two nodes; if they do not, one serves them all
   */
  private void start(Optional<Plan> plan) throws IOException {
    carrier = plan.map(p -> new Carrier(List.of(node(), node()), p));
    server =
        new NetServer(
            List.of(
                new ListenerSpec(
                    "managesieve",
                    carrier.map(Protocol.class::cast).orElseGet(this::node),
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    TlsMode.STARTTLS)),
            NetLimits.DEFAULT,
            new Traces(),
            new SessionIds(InstantSource.system()),
            new SimpleMeterRegistry(),
            InstantSource.system());
    Credential credential = SelfSigned.create(List.of("mail.demo.test"), Instant.now());
    server.useTls(TlsContext.of(List.of(credential)));
    server.start();
  }

  private ManageSieveProtocol node() {
    Redirects nowhere = address -> new Redirects.Way.Nowhere("nothing goes to " + address);
    Store mortal = Carrier.mortal(store);
    MailStore mail = new MailStore(mortal, clock, MailboxLimits.DEFAULT);
    mails.add(mail);
    return new ManageSieveProtocol(
        ManageSieveLimits.DEFAULTS,
        authenticator,
        new Filter(
            new ScriptBook(mortal.logs()),
            mail,
            new Nobody(),
            nowhere,
            SieveSettings.DEFAULTS,
            Onward.AS_IT_CAME,
            new Wordings(new Nobody(), Language.EN)),
        new SimpleMeterRegistry());
  }

  private NetServer server() {
    return Objects.requireNonNull(server);
  }

  @AfterEach
  void stop() {
    server().close();
    mails.forEach(MailStore::close);
    store.close();
    carrier.ifPresent(c -> assertThat(c.problems()).isEmpty());
    assertThat(server().bugs()).isZero();
    assertThat(authenticator.leases()).isZero();
  }

  /** Says all of it at once, and returns what comes until the server closes. */
  private List<String> say(String text) throws IOException {
    InetSocketAddress address = Objects.requireNonNull(server().addresses().get("managesieve"));
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout(60_000);
      BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
      List<String> lines = new ArrayList<>();
      // The greeting ends with an OK.
      do {
        lines.add(in.readLine());
      } while (!lines.getLast().startsWith("OK"));
      lines.clear();
      socket.getOutputStream().write(text.getBytes(UTF_8));
      socket.shutdownOutput();
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        lines.add(line);
      }
      return lines;
    }
  }

  private static String put(String name, String script) {
    return "PUTSCRIPT \""
        + name
        + "\" {"
        + script.getBytes(UTF_8).length
        + "+}\r\n"
        + script
        + "\r\n";
  }

  @ParameterizedTest
  @MethodSource("plans")
  void scriptsComeAndGo(Optional<Plan> plan) throws IOException {
    start(plan);
    assertThat(
            say(
                LOGIN
                    + put("main", "keep;\r\n")
                    + put("\u3042", "stop;")
                    + "SETACTIVE \"main\"\r\nLISTSCRIPTS\r\nGETSCRIPT \"main\"\r\n"
                    + "RENAMESCRIPT \"main\" \"first\"\r\nLISTSCRIPTS\r\n"
                    + "DELETESCRIPT \"first\"\r\nSETACTIVE \"\"\r\nDELETESCRIPT \"first\"\r\n"
                    + "LISTSCRIPTS\r\nLOGOUT\r\n"))
        .containsExactly(
            "OK \"Logged in\"",
            "OK \"Done\"",
            "OK \"Done\"",
            "OK \"Done\"",
            "\"main\" ACTIVE",
            "\"\u3042\"",
            "OK \"Done\"",
            "{7}",
            "keep;",
            "",
            "OK \"Done\"",
            "OK \"Done\"",
            "\"first\" ACTIVE",
            "\"\u3042\"",
            "OK \"Done\"",
            "NO (ACTIVE) \"the active script cannot be deleted\"",
            "OK \"Done\"",
            "OK \"Done\"",
            "\"\u3042\"",
            "OK \"Done\"",
            "OK \"Goodbye\"");
  }

  @ParameterizedTest
  @MethodSource("plans")
  void whatIsRefused(Optional<Plan> plan) throws IOException {
    start(plan);
    assertThat(
            say(
                LOGIN
                    + put("a", "nonsense;")
                    + "CHECKSCRIPT \"redirect \\\"x@y.example\\\";\"\r\n"
                    + "CHECKSCRIPT \"keep;\"\r\n"
                    + "GETSCRIPT \"a\"\r\nSETACTIVE \"a\"\r\n"
                    + "HAVESPACE \"a\" 300000\r\nHAVESPACE \"a\" 3000\r\n"
                    + put("a", "keep;")
                    + put("b", "keep;")
                    + "RENAMESCRIPT \"a\" \"b\"\r\n"
                    + put("c", "#" + "x".repeat(262_144))
                    + "STARTTLS\r\nNOOP \"tag\"\r\nXYZZY\r\n"
                    + "LOGOUT\r\n"))
        .containsExactly(
            "OK \"Logged in\"",
            "NO \"line 1, column 1: there is no command nonsense\"",
            "NO \"line 1, column 1: nothing goes to x@y.example\"",
            "OK \"Done\"",
            "NO (NONEXISTENT) \"there is no script of this name\"",
            "NO (NONEXISTENT) \"there is no script of this name\"",
            "NO (QUOTA/MAXSIZE) \"a script has at most 262144 octets\"",
            "OK \"Done\"",
            "OK \"Done\"",
            "OK \"Done\"",
            "NO (ALREADYEXISTS) \"a script of this name exists\"",
            "NO (QUOTA/MAXSIZE) \"a script has at most 262144 octets\"",
            "NO \"Not valid once you are logged in\"",
            "OK (TAG \"tag\") \"Done\"",
            "NO \"There is no such command\"",
            "OK \"Goodbye\"");
  }

  @ParameterizedTest
  @MethodSource("plans")
  void beforeLogin(Optional<Plan> plan) throws IOException {
    start(plan);
    assertThat(
            say(
                "CAPABILITY\r\nLISTSCRIPTS\r\n"
                    + "AUTHENTICATE \"PLAIN\" \"AHUxAHdyb25n\"\r\n"
                    + "AUTHENTICATE \"NONE\"\r\n"
                    + "AUTHENTICATE \"PLAIN\"\r\n\"*\"\r\n"
                    + "AUTHENTICATE \"LOGIN\"\r\n\"dTE=\"\r\n{8+}\r\nc2VjcmV0\r\n"
                    + "LISTSCRIPTS\r\nCAPABILITY\r\nLOGOUT\r\n"))
        .containsExactly(
            "\"IMPLEMENTATION\" \"Hikyaku\"",
            "\"SASL\" \"PLAIN LOGIN\"",
            "\"SIEVE\" \"body comparator-i;ascii-casemap comparator-i;ascii-numeric"
                + " comparator-i;octet comparator-i;unicode-casemap copy date duplicate editheader"
                + " enclose encoded-character enotify envelope envelope-deliverby envelope-dsn environment ereject extlists"
                + " extracttext fcc fileinto foreverypart ihave imap4flags include index mailbox"
                + " mailboxid mboxmetadata mime regex redirect-deliverby redirect-dsn reject relational replace servermetadata"
                + " spamtest spamtestplus special-use subaddress vacation vacation-seconds variables virustest\"",
            "\"NOTIFY\" \"mailto\"",
            "\"EXTLISTS\" \"tag urn\"",
            "\"STARTTLS\"",
            "\"UNAUTHENTICATE\"",
            "\"MAXREDIRECTS\" \"4\"",
            "\"VERSION\" \"1.0\"",
            "OK \"Done\"",
            "NO \"Log in first\"",
            "NO \"Name or password not accepted\"",
            "NO \"No such mechanism\"",
            "\"\"",
            "NO \"Authentication cancelled\"",
            "\"VXNlcm5hbWU6\"",
            "\"UGFzc3dvcmQ6\"",
            "OK \"Logged in\"",
            "OK \"Done\"",
            "\"IMPLEMENTATION\" \"Hikyaku\"",
            "\"SASL\" \"\"",
            "\"SIEVE\" \"body comparator-i;ascii-casemap comparator-i;ascii-numeric"
                + " comparator-i;octet comparator-i;unicode-casemap copy date duplicate editheader"
                + " enclose encoded-character enotify envelope envelope-deliverby envelope-dsn environment ereject extlists"
                + " extracttext fcc fileinto foreverypart ihave imap4flags include index mailbox"
                + " mailboxid mboxmetadata mime regex redirect-deliverby redirect-dsn reject relational replace servermetadata"
                + " spamtest spamtestplus special-use subaddress vacation vacation-seconds variables virustest\"",
            "\"NOTIFY\" \"mailto\"",
            "\"EXTLISTS\" \"tag urn\"",
            "\"UNAUTHENTICATE\"",
            "\"MAXREDIRECTS\" \"4\"",
            "\"OWNER\" \"u1@demo.test\"",
            "\"VERSION\" \"1.0\"",
            "OK \"Done\"",
            "OK \"Goodbye\"");
  }

  /** RFC 5804 §2.1: what the server sends with success is in its OK, and asks for no answer. */
  @ParameterizedTest
  @MethodSource("plans")
  void dataWithSuccess(Optional<Plan> plan) throws IOException {
    start(plan);
    assertThat(
            say(
                "AUTHENTICATE \"SIGNED\" \"dTE=\"\r\nLISTSCRIPTS\r\nUNAUTHENTICATE\r\n"
                    + "LISTSCRIPTS\r\nUNAUTHENTICATE\r\n"
                    + "AUTHENTICATE \"SIGNED\"\r\n\"dTE=\"\r\nLOGOUT\r\n"))
        .containsExactly(
            "OK (SASL \"dj1zaWduYXR1cmU=\")",
            "OK \"Done\"",
            "OK \"Log in again\"",
            "NO \"Log in first\"",
            "NO \"Log in first\"",
            "\"\"",
            "OK (SASL \"dj1zaWduYXR1cmU=\")",
            "OK \"Goodbye\"");
  }

  @Test
  void errorsAndFailedLoginsEndTheSession() throws IOException {
    start();
    assertThat(say("XYZZY\r\n".repeat(25))).hasSize(20).last().isEqualTo("BYE \"Too many errors\"");
    assertThat(say("AUTHENTICATE \"NOSUCH\"\r\n".repeat(25)))
        .hasSize(20)
        .last()
        .isEqualTo("BYE \"Too many errors\"");
    assertThat(say("AUTHENTICATE \"PLAIN\" \"AHUxAHdyb25n\"\r\n".repeat(9))).hasSize(5);
  }

  @Test
  void aResponseHasAllOfItsBase64AndIsNotTooLong() throws IOException {
    start();
    assertThat(say("AUTHENTICATE \"PLAIN\" \"AHUxAHNlY3JldA\"\r\n"))
        .containsExactly("NO \"Not base64\"");
    assertThat(say("AUTHENTICATE \"PLAIN\"\r\n\"AHUxAHNlY3JldA\"\r\n"))
        .containsExactly("\"\"", "NO \"Not base64\"");
    assertThat(say("AUTHENTICATE \"PLAIN\"\r\n{16385+}\r\n" + "A".repeat(16385) + "\r\n"))
        .containsExactly("\"\"", "NO \"A response is a string of at most 16384 octets\"");
  }

  /** Octets without sense, in both states: each gets replies of good form, and no bug is met. */
  @Test
  void noise() throws IOException {
    start();
    List<String> words =
        List.of(
            "PUTSCRIPT",
            "GETSCRIPT",
            "AUTHENTICATE",
            "CHECKSCRIPT",
            "NOOP",
            "SETACTIVE",
            "HAVESPACE",
            " ",
            " ",
            "\"a\"",
            "\"",
            "{5+}\r\nkeep;",
            "{0+}\r\n",
            "{9+}",
            "\r\n",
            "\r\n",
            "1",
            "\"PLAIN\"",
            "\u00e9",
            "\0",
            "RENAMESCRIPT \"a\" \"b\"\r\n",
            "LISTSCRIPTS\r\n");
    Random random = new Random(5804);
    for (int round = 0; round < 60; round++) {
      StringBuilder text = new StringBuilder(round % 2 == 0 ? "" : LOGIN);
      for (int i = 0; i < 40; i++) {
        text.append(words.get(random.nextInt(words.size())));
      }
      assertThat(say(text.toString()))
          .allMatch(line -> line.matches("(OK|NO|BYE)( .*)?|\"[^\"]*\"( ACTIVE)?|\\{\\d+}|keep;|"));
    }
  }

  /** RFC 5804 §2.2: capabilities come again under TLS, wherever the session is by then. */
  @ParameterizedTest
  @MethodSource("plans")
  void capabilitiesFollowTls(Optional<Plan> plan) throws Exception {
    start(plan);
    InetSocketAddress address = Objects.requireNonNull(server().addresses().get("managesieve"));
    try (Socket plain = new Socket(address.getAddress(), address.getPort())) {
      plain.setSoTimeout(60_000);
      assertThat(untilOk(plain)).contains("\"STARTTLS\"");
      plain.getOutputStream().write("STARTTLS\r\n".getBytes(UTF_8));
      assertThat(untilOk(plain)).containsExactly("OK \"Begin TLS negotiation\"");
      try (Socket tls =
          TrustEveryone.context("TLS")
              .getSocketFactory()
              .createSocket(plain, "mail.demo.test", 0, true)) {
        assertThat(untilOk(tls))
            .contains("\"IMPLEMENTATION\" \"Hikyaku\"")
            .doesNotContain("\"STARTTLS\"")
            .last()
            .isEqualTo("OK \"TLS is on\"");
        tls.getOutputStream().write((LOGIN + "LISTSCRIPTS\r\nLOGOUT\r\n").getBytes(UTF_8));
        assertThat(untilOk(tls)).containsExactly("OK \"Logged in\"");
        assertThat(untilOk(tls)).containsExactly("OK \"Done\"");
        assertThat(untilOk(tls)).containsExactly("OK \"Goodbye\"");
      }
    }
  }

  /** Octet by octet, for nothing behind the line may be taken: TLS begins there. */
  private static List<String> untilOk(Socket socket) throws IOException {
    List<String> lines = new ArrayList<>();
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    do {
      line.reset();
      for (int octet = socket.getInputStream().read();
          octet != '\n';
          octet = socket.getInputStream().read()) {
        assertThat(octet).isNotEqualTo(-1);
        line.write(octet);
      }
      lines.add(line.toString(UTF_8).stripTrailing());
    } while (!lines.getLast().startsWith("OK"));
    return lines;
  }

  /** A directory that nobody asks. */
  private static final class Nobody implements Directory {
    @Override
    public Optional<Account> account(String id) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Account> accountByAddress(Address address) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Resolution resolve(String localPart, String domain) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Resolution resolvePostmaster() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Domain> domain(String name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<Domain> domains(String after, int limit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<Account> accounts(String domain, Address after, int limit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<Alias> aliases(String domain, Address after, int limit) {
      throw new UnsupportedOperationException();
    }
  }
}
