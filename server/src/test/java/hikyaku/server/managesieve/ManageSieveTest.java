package hikyaku.server.managesieve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Domain;
import hikyaku.server.directory.Resolution;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.Redirects;
import hikyaku.server.filter.ScriptBook;
import hikyaku.server.filter.SieveSettings;
import hikyaku.server.net.Credential;
import hikyaku.server.net.ListenerSpec;
import hikyaku.server.net.NetLimits;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.SelfSigned;
import hikyaku.server.net.SessionIds;
import hikyaku.server.net.TlsContext;
import hikyaku.server.net.TlsMode;
import hikyaku.server.net.Traces;
import hikyaku.server.testing.FakeAuthenticator;
import hikyaku.server.testing.TestClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Dialogues with a server on loopback. */
class ManageSieveTest {
  private static final String LOGIN = "AUTHENTICATE \"PLAIN\" \"AHUxAHNlY3JldA==\"\r\n";

  private final TestClock clock = new TestClock();
  private final MemoryStore store = new MemoryStore(clock);
  private final MailStore mail = new MailStore(store, clock, MailboxLimits.DEFAULT);
  private final FakeAuthenticator authenticator = new FakeAuthenticator();
  private NetServer server;

  @BeforeEach
  void start() throws IOException {
    start(TlsMode.STARTTLS);
  }

  private void start(TlsMode tls) throws IOException {
    Redirects nowhere = address -> new Redirects.Way.Nowhere("nothing goes to " + address);
    ManageSieveProtocol protocol =
        new ManageSieveProtocol(
            ManageSieveLimits.DEFAULTS,
            authenticator,
            new Filter(
                new ScriptBook(store.logs()), mail, new Nobody(), nowhere, SieveSettings.DEFAULTS),
            new SimpleMeterRegistry());
    server =
        new NetServer(
            List.of(
                new ListenerSpec(
                    "managesieve",
                    protocol,
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    tls)),
            NetLimits.DEFAULT,
            new Traces(),
            new SessionIds(InstantSource.system()),
            new SimpleMeterRegistry(),
            InstantSource.system());
    Credential credential = SelfSigned.create(List.of("mail.demo.test"), Instant.now());
    server.useTls(TlsContext.of(List.of(credential)));
    server.start();
  }

  @AfterEach
  void stop() {
    server.close();
    mail.close();
    store.close();
    assertThat(server.bugs()).isZero();
    assertThat(authenticator.leases()).isZero();
  }

  /** Says all of it at once, and returns what comes until the server closes. */
  private List<String> say(String text) throws IOException {
    InetSocketAddress address = Objects.requireNonNull(server.addresses().get("managesieve"));
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

  @Test
  void scriptsComeAndGo() throws IOException {
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

  @Test
  void whatIsRefused() throws IOException {
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

  @Test
  void beforeLogin() throws IOException {
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
                + " comparator-i;octet comparator-i;unicode-casemap copy date encoded-character"
                + " envelope environment fileinto ihave imap4flags index mailbox relational"
                + " special-use subaddress variables\"",
            "\"STARTTLS\"",
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
                + " comparator-i;octet comparator-i;unicode-casemap copy date encoded-character"
                + " envelope environment fileinto ihave imap4flags index mailbox relational"
                + " special-use subaddress variables\"",
            "\"MAXREDIRECTS\" \"4\"",
            "\"OWNER\" \"u1@demo.test\"",
            "\"VERSION\" \"1.0\"",
            "OK \"Done\"",
            "OK \"Goodbye\"");
  }

  @Test
  void errorsAndFailedLoginsEndTheSession() throws IOException {
    assertThat(say("XYZZY\r\n".repeat(25))).hasSize(20).last().isEqualTo("BYE \"Too many errors\"");
    assertThat(say("AUTHENTICATE \"PLAIN\" \"AHUxAHdyb25n\"\r\n".repeat(9))).hasSize(5);
  }

  /** Octets without sense, in both states: each gets replies of good form, and no bug is met. */
  @Test
  void noise() throws IOException {
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
