package hikyaku.server.smtpclient;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.dns.Tlsa;
import hikyaku.server.mtasts.StsPolicies;
import hikyaku.server.smtpclient.Verdict.Kind;
import hikyaku.server.testing.MailSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SmtpClientTest {
  private static final ClientSettings QUICK =
      new ClientSettings(
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          List.of(),
          true);

  /** A DNS as a test wants it; what is not there does not exist. */
  private record Zone(Map<String, List<Names.Mx>> mx, Map<String, String> a) implements Names {
    @Override
    public Exchanges exchanges(String domain) throws UnreachableException {
      if (domain.equals("silent.test")) {
        throw new UnreachableException(Verdict.deferred("4.4.3", "no answer"));
      }
      return new Exchanges(
          mx.containsKey(domain) || a.containsKey(domain)
              ? Optional.of(mx.getOrDefault(domain, List.of()))
              : Optional.empty(),
          false);
    }

    @Override
    public Addresses addresses(String host) {
      return new Addresses(
          a.containsKey(host)
              ? Stream.of(a.get(host).split(" ")).map(InetAddress::ofLiteral).toList()
              : List.of(),
          false);
    }

    @Override
    public List<Tlsa> tlsa(String host, int port) {
      throw new AssertionError("nobody vouches for this zone");
    }
  }

  private static final TlsMeans NO_POLICIES =
      new TlsMeans(_ -> StsPolicies.Found.NOTHING, TlsMeans.machine(), _ -> {});

  private static SmtpClient client(int port, ClientSettings settings, Names names) {
    return new SmtpClient(
        "us.test", Set.of(), port, settings, names, relay -> "secret", NO_POLICIES);
  }

  private static Letter letter(String text, String... to) {
    MailParameters parameters =
        new MailParameters((long) text.length(), null, false, null, null, null, false);
    return new Letter(
        new Mailbox(new MailAddress("me", "us.test")),
        parameters,
        null,
        false,
        false,
        Stream.of(to)
            .map(name -> new Mailbox(new MailAddress(name, "there.test")))
            .map(address -> new Letter.To(address, RcptParameters.NONE))
            .toList(),
        sink -> sink.write(text.getBytes(UTF_8)));
  }

  private static SmtpClient.Result send(MailSink sink, Letter letter) throws Exception {
    return send(sink, letter, QUICK);
  }

  private static SmtpClient.Result send(MailSink sink, Letter letter, ClientSettings settings)
      throws Exception {
    Route route = new Route.Named(Relay.parse("smtp+plain://127.0.0.1:" + sink.port()));
    SmtpClient client = client(25, settings, new Zone(Map.of(), Map.of()));
    try (SmtpClient.Session session = client.session(route)) {
      SmtpClient.Result result = session.send(letter, () -> true);
      session.end();
      return result;
    }
  }

  private static List<Kind> kinds(SmtpClient.Result result) {
    return result.verdicts().stream().map(Verdict::kind).toList();
  }

  @Test
  void aMessageArrivesAsItIs() throws Exception {
    for (String extensions : List.of("250-sink\r\n250 PIPELINING", "250 sink")) {
      try (MailSink sink = new MailSink((line, _) -> line.startsWith("EHLO") ? extensions : null)) {
        assertThat(kinds(send(sink, letter(".\r\n..x\r\nno end.", "a", "b"))))
            .containsExactly(Kind.DELIVERED, Kind.DELIVERED);
        assertThat(sink.taken())
            .containsExactly(
                new MailSink.Taken(
                    "me@us.test", List.of("a@there.test", "b@there.test"), ".\n..x\nno end.\n"));
      }
    }
  }

  @Test
  void eachRecipientHasItsVerdict() throws Exception {
    for (String extensions : List.of("250-sink\r\n250 PIPELINING", "250 sink")) {
      try (MailSink sink =
          new MailSink((line, _) -> {
            if (line.startsWith("EHLO")) {
              return extensions;
            }
            return line.startsWith("RCPT TO:<bad")
                ? "550-5.1.1 no\r\n550 5.1.1 such user"
                : line.startsWith("RCPT TO:<later") ? "450 4.2.0 greylisted" : null;
          })) {
        SmtpClient.Result result = send(sink, letter("x\r\n", "a", "bad", "later"));
        assertThat(kinds(result)).containsExactly(Kind.DELIVERED, Kind.FAILED, Kind.DEFERRED);
        assertThat(result.verdicts().get(1).status()).isEqualTo("5.1.1");
        assertThat(result.verdicts().get(1).text()).isEqualTo("550 5.1.1 no such user");
        assertThat(kinds(send(sink, letter("x\r\n", "bad")))).containsExactly(Kind.FAILED);
        assertThat(sink.taken()).hasSize(1);
      }
    }
  }

  /** RFC 2920 §3.1: DATA may be accepted though no recipient was. */
  @Test
  void aTextForNobodyIsEnded() throws Exception {
    try (MailSink sink =
        new MailSink((line, _) ->
            line.startsWith("RCPT") ? "550 no" : line.equals("DATA") ? "354 go" : null)) {
      assertThat(kinds(send(sink, letter("x\r\n", "a")))).containsExactly(Kind.FAILED);
      assertThat(sink.taken()).hasSize(1);
      assertThat(sink.taken().getFirst().text()).isEmpty();
    }
  }

  /** Its replies are one behind the commands, or one ahead: none of them means what it says. */
  @Test
  void whoseRepliesAreOutOfStepHasTakenNothing() throws Exception {
    for (String extra : List.of("DATA", "MAIL", "EHLO")) {
      String reply = "250 2.0.0 OK";
      try (MailSink sink =
          new MailSink((line, _) ->
              !line.startsWith(extra)
                  ? null
                  : switch (extra) {
                    // One reply to MAIL, RCPT and DATA too many, or none to DATA but this.
                    case "DATA" -> reply;
                    case "MAIL" -> reply + "\r\n" + reply;
                    default -> "250 sink\r\n" + reply;
                  })) {
        assertThatThrownBy(() -> send(sink, letter("x\r\n", "a", "b")))
            .as(extra)
            .isInstanceOf(UnreachableException.class)
            .extracting(e -> ((UnreachableException) e).verdict())
            .extracting(Verdict::kind, Verdict::status)
            .containsExactly(Kind.DEFERRED, "4.5.0");
        assertThat(sink.taken()).as(extra).isEmpty();
      }
    }
  }

  @Test
  void oneConnectionTakesManyMessagesAndIsRenewed() throws Exception {
    int[] count = {0};
    try (MailSink sink =
        new MailSink((line, _) ->
            line.startsWith("MAIL") && ++count[0] == 3 ? "421 4.3.2 enough for now" : null)) {
      Route route = new Route.Named(Relay.parse("smtp+plain://127.0.0.1:" + sink.port()));
      try (SmtpClient.Session session =
          client(25, QUICK, new Zone(Map.of(), Map.of())).session(route)) {
        for (int i = 0; i < 4; i++) {
          assertThat(kinds(session.send(letter("x\r\n", "a"), () -> true)))
              .containsExactly(Kind.DELIVERED);
        }
      }
      assertThat(sink.taken()).hasSize(4);
      assertThat(sink.connections()).isEqualTo(2);
    }
  }

  @Test
  void whatBreaksBeforeTheEndIsNoDeliveryAndAtTheEndIsDoubtful() throws Exception {
    try (MailSink sink = new MailSink((line, _) -> line.equals("DATA") ? MailSink.CLOSE : null)) {
      assertThatThrownBy(() -> send(sink, letter("x\r\n", "a")))
          .isInstanceOf(UnreachableException.class);
    }
    try (MailSink sink = new MailSink((line, _) -> line.equals(".") ? MailSink.CLOSE : null)) {
      SmtpClient.Result result = send(sink, letter("x\r\n", "a"));
      assertThat(kinds(result)).containsExactly(Kind.DEFERRED);
      assertThat(result.verdicts().getFirst().text()).contains("at the message's end");
    }
  }

  /**
   * As Postfix breaks off after many errors (smtpd_hard_error_limit) and Exim with a refusal
   * (drop): who is refused would else be offered again, and the others with them never get it.
   */
  @Test
  void whoIsRefusedStaysSoThoughTheServerBreaksOff() throws Exception {
    for (String extensions : List.of("250-sink\r\n250 PIPELINING", "250 sink")) {
      for (String how : List.of(MailSink.CLOSE, "421 4.7.0 too many errors")) {
        try (MailSink sink =
            new MailSink((line, _) ->
                line.startsWith("EHLO")
                    ? extensions
                    : line.startsWith("RCPT TO:<bad")
                        ? "550 5.1.1 who"
                        : line.startsWith("RCPT TO:<b@") ? how : null)) {
          SmtpClient.Result result = send(sink, letter("x\r\n", "a", "bad", "b", "c"));
          assertThat(kinds(result))
              .as(how + extensions)
              .containsExactly(Kind.DEFERRED, Kind.FAILED, Kind.DEFERRED, Kind.DEFERRED);
          assertThat(result.verdicts().get(1).text()).isEqualTo("550 5.1.1 who");
          assertThat(result.verdicts()).noneMatch(Verdict::isInDoubt);
          assertThat(sink.taken()).isEmpty();
        }
      }
      // Whose answers cannot be told apart may have refused somebody else.
      try (MailSink sink =
          new MailSink((line, _) ->
              line.startsWith("EHLO")
                  ? extensions
                  : line.startsWith("RCPT TO:<bad") ? "550 5.1.1 who\r\nwhat?" : null)) {
        assertThatThrownBy(() -> send(sink, letter("x\r\n", "bad", "a")))
            .isInstanceOf(UnreachableException.class);
      }
      for (String where : List.of("MAIL", "RCPT")) {
        try (MailSink sink =
            new MailSink((line, _) ->
                line.startsWith("EHLO")
                    ? extensions
                    : line.startsWith(where) ? "550 5.7.1 go away\r\n421 4.3.2 bye" : null)) {
          assertThat(kinds(send(sink, letter("x\r\n", "a")))).containsExactly(Kind.FAILED);
        }
      }
    }
  }

  /** Nobody else does what this node may do no more. */
  @Test
  void whatIsAnothersByNowIsOfferedToNoOtherHost() throws Exception {
    try (MailSink first =
            at("127.0.0.11", 0, (line, _) -> line.startsWith("RCPT") ? "450 later" : null);
        MailSink second = at("127.0.0.12", first.port(), (_, _) -> null);
        SmtpClient.Session session = toThree(first.port()).session(THERE)) {
      assertThat(kinds(session.send(letter("x\r\n", "a"), () -> false)))
          .containsExactly(Kind.DEFERRED);
      assertThat(first.connections()).isEqualTo(1);
      assertThat(second.connections()).isZero();
    }
  }

  @Test
  void whoMayNotEndItDoesNot() throws Exception {
    try (MailSink sink = MailSink.willing()) {
      Route route = new Route.Named(Relay.parse("smtp+plain://127.0.0.1:" + sink.port()));
      try (SmtpClient.Session session =
          client(25, QUICK, new Zone(Map.of(), Map.of())).session(route)) {
        assertThatThrownBy(() -> session.send(letter("x\r\n", "a"), () -> false))
            .isInstanceOf(UnreachableException.class);
      }
      assertThat(sink.taken()).isEmpty();
    }
  }

  @Test
  void oddServersAreLeftInTime() throws Exception {
    Duration soon = Duration.ofMillis(300);
    ClientSettings hasty = new ClientSettings(soon, soon, soon, soon, soon, List.of(), true);
    for (String odd :
        List.of(
            MailSink.SILENCE,
            "hello",
            "250-" + "x".repeat(10_000),
            "200\u0000-",
            "554 5.7.1 go away",
            "421 busy")) {
      for (String when : List.of("", "EHLO us.test", "MAIL FROM:<me@us.test> SIZE=3")) {
        try (MailSink sink = new MailSink((line, _) -> line.equals(when) ? odd : null)) {
          Verdict verdict;
          // Who is spoken to in the end must not be given up on before.
          ClientSettings settings = odd.startsWith("554") ? QUICK : hasty;
          try {
            verdict = send(sink, letter("x\r\n", "a"), settings).verdicts().getFirst();
          } catch (UnreachableException e) {
            verdict = e.verdict();
          }
          boolean refused = odd.startsWith("554") && when.startsWith("MAIL");
          // A server that answers 554 to EHLO may still know HELO.
          boolean old = odd.startsWith("554") && when.startsWith("EHLO");
          assertThat(verdict.kind())
              .as(odd + " at " + when)
              .isEqualTo(refused ? Kind.FAILED : old ? Kind.DELIVERED : Kind.DEFERRED);
        }
      }
    }
  }

  @Test
  void whatTheServerCannotTakeIsNotSent() throws Exception {
    try (MailSink sink =
        new MailSink((line, _) -> line.startsWith("EHLO") ? "250-sink\r\n250 SIZE 5" : null)) {
      assertThat(send(sink, letter("123456\r\n", "a")).verdicts().getFirst().status())
          .isEqualTo("5.3.4");
      assertThat(sink.taken()).isEmpty();
    }
  }

  private static final String EIGHT_BIT =
      "MIME-Version: 1.0\r\nContent-Type: text/x\r\nContent-Transfer-Encoding: 8bit\r\n\r\nä\r\n";

  private static Letter eightBit(String text, MailParameters.Body body) {
    Letter letter = letter(text, "a");
    MailParameters parameters =
        new MailParameters(
            (long) text.getBytes(UTF_8).length, body, false, null, null, null, false);
    return new Letter(
        letter.from(), parameters, null, true, false, letter.recipients(), letter.content());
  }

  /** One that came under SMTPUTF8. */
  private static Letter utf8(String text, Mailbox from, Mailbox... to) {
    MailParameters parameters =
        new MailParameters((long) text.getBytes(UTF_8).length, null, true, null, null, null, false);
    return new Letter(
        from,
        parameters,
        null,
        !text.chars().allMatch(c -> c < 128),
        false,
        Stream.of(to).map(each -> new Letter.To(each, RcptParameters.NONE)).toList(),
        sink -> sink.write(text.getBytes(UTF_8)));
  }

  @Test
  void withoutSmtpUtf8AllGoesThatDoesNotNeedIt() throws Exception {
    List<String> said = new CopyOnWriteArrayList<>();
    String[] offered = {"250-sink\r\n250 8BITMIME"};
    try (MailSink sink =
        new MailSink((line, _) -> {
          said.add(line);
          return line.startsWith("EHLO") ? offered[0] : null;
        })) {
      Mailbox ascii = new Mailbox("d", "there.test");
      Mailbox domain = new Mailbox("d", "b\u00fccher.test");
      Mailbox local = new Mailbox("\u65e5", "there.test");
      // Octets above 127 in the body alone.
      assertThat(kinds(send(sink, utf8(EIGHT_BIT, ascii, ascii)))).containsExactly(Kind.DELIVERED);
      assertThat(sink.taken().getLast().text()).contains("Encoding: 8bit\n");
      assertThat(said).contains("MAIL FROM:<d@there.test> BODY=8BITMIME");
      // Domains of U-labels alone; and not whom there is no other name for.
      said.clear();
      SmtpClient.Result some = send(sink, utf8("Subject: x\r\n\r\n", domain, domain, local, ascii));
      assertThat(kinds(some)).containsExactly(Kind.DELIVERED, Kind.FAILED, Kind.DELIVERED);
      assertThat(some.verdicts().get(1).status()).isEqualTo("5.6.7");
      assertThat(said)
          .contains(
              "MAIL FROM:<d@xn--bcher-kva.test>",
              "RCPT TO:<d@xn--bcher-kva.test>",
              "RCPT TO:<d@there.test>")
          .hasSize(7);
      int taken = sink.taken().size();
      for (Letter letter :
          List.of(utf8("\r\nx\r\n", local, ascii), utf8("\r\nx\r\n", ascii, local))) {
        assertThat(send(sink, letter).verdicts().getFirst().status()).isEqualTo("5.6.7");
      }
      // Headers at any level.
      String part = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n";
      for (String text :
          List.of(
              "Subject: \u00e4\r\n\r\nx\r\n",
              part + "Content-Description: \u00e4\r\n\r\nx\r\n--b--\r\n",
              part + "Content-Type: message/rfc822\r\n\r\nSubject: \u00e4\r\n\r\n--b--\r\n",
              part + "Content-Type: message/global\r\n\r\nSubject: \u00e4\r\n\r\n--b--\r\n")) {
        assertThat(send(sink, utf8(text, ascii, ascii)).verdicts().getFirst().status())
            .as(text)
            .isEqualTo("5.6.9");
      }
      assertThat(sink.taken()).hasSize(taken);
      // Both in one: the domain written otherwise, the body too.
      offered[0] = "250 sink";
      SmtpClient.Result both = send(sink, utf8(EIGHT_BIT, ascii, domain));
      assertThat(kinds(both)).containsExactly(Kind.DELIVERED);
      assertThat(both.converted()).isTrue();
      assertThat(sink.taken().getLast().text()).contains("=C3=A4");
      // Whoever has SMTPUTF8 is told of it.
      offered[0] = "250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8";
      assertThat(kinds(send(sink, utf8("Subject: \u00e4\r\n\r\n", ascii, local, domain))))
          .containsExactly(Kind.DELIVERED, Kind.DELIVERED);
      assertThat(said).contains("RCPT TO:<d@b\u00c3\u00bccher.test>");
    }
  }

  @Test
  void whatTheServerDoesNotTakeIsConverted() throws Exception {
    List<String> said = new CopyOnWriteArrayList<>();
    String[] offered = {"250-sink\r\n250 SIZE 1000"};
    try (MailSink sink =
        new MailSink((line, _) -> {
          said.add(line);
          return line.startsWith("EHLO") ? offered[0] : null;
        })) {
      String converted =
          "MIME-Version: 1.0\nContent-Type: text/x\n"
              + "Content-Transfer-Encoding: quoted-printable\n\n=C3=A4\n";
      String mail = "MAIL FROM:<me@us.test> SIZE=" + (converted.length() + 5);
      assertThat(kinds(send(sink, eightBit(EIGHT_BIT, null)))).containsExactly(Kind.DELIVERED);
      assertThat(sink.taken().getLast().text()).isEqualTo(converted);
      assertThat(said).contains(mail);
      // What takes octets above 127 may not take others.
      offered[0] = "250-sink\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 CHUNKING";
      said.clear();
      Letter binary = eightBit(EIGHT_BIT, MailParameters.Body.BINARYMIME);
      assertThat(kinds(send(sink, binary))).containsExactly(Kind.DELIVERED);
      assertThat(sink.taken().getLast().text()).isEqualTo(converted);
      assertThat(said).contains(mail, "DATA");
      assertThat(kinds(send(sink, eightBit(EIGHT_BIT, null)))).containsExactly(Kind.DELIVERED);
      assertThat(sink.taken().getLast().text()).contains("Encoding: 8bit\n");
    }
  }

  @Test
  void whatCannotBeConvertedComesBack() throws Exception {
    try (MailSink sink =
        new MailSink((line, _) -> line.startsWith("EHLO") ? "250-sink\r\n250 SIZE 90" : null)) {
      String signed =
          EIGHT_BIT
              .replace("text/x", "multipart/signed; boundary=b")
              .replace("ä", "--b\r\n\r\nä\r\n--b--");
      Verdict touched = send(sink, eightBit(signed, null)).verdicts().getFirst();
      assertThat(touched.status()).isEqualTo("5.6.3");
      assertThat(touched.text())
          .endsWith(
              "takes 7-bit characters only, and this one cannot be converted: it is signed as it"
                  + " is");
      assertThat(send(sink, eightBit("Subject: ä\r\n\r\n", null)).verdicts().getFirst().status())
          .isEqualTo("5.6.9");
      // It is what goes out that has to fit.
      assertThat(send(sink, eightBit(EIGHT_BIT, null)).verdicts().getFirst().text())
          .endsWith("takes messages of 90 octets, this one has 96");
      assertThat(sink.taken()).isEmpty();
    }
  }

  @Test
  void aRelayIsLoggedInAt() throws Exception {
    List<String> said = new CopyOnWriteArrayList<>();
    try (MailSink sink =
        new MailSink((line, _) -> {
          said.add(line);
          return line.startsWith("EHLO")
              ? "250-sink\r\n250 AUTH PLAIN"
              : line.startsWith("AUTH") ? "235 2.7.0 in" : null;
        })) {
      Route route = new Route.Named(Relay.parse("smtp+plain://us@127.0.0.1:" + sink.port()));
      try (SmtpClient.Session session =
          client(25, QUICK, new Zone(Map.of(), Map.of())).session(route)) {
        assertThat(kinds(session.send(letter("x\r\n", "a"), () -> true)))
            .containsExactly(Kind.DELIVERED);
      }
      assertThat(said).contains("AUTH PLAIN AHVzAHNlY3JldA==");
    }
    try (MailSink sink = MailSink.willing()) {
      Route route = new Route.Named(Relay.parse("smtp://127.0.0.1:" + sink.port()));
      try (SmtpClient.Session session =
          client(25, QUICK, new Zone(Map.of(), Map.of())).session(route)) {
        assertThatThrownBy(() -> session.send(letter("x\r\n", "a"), () -> true))
            .hasMessageContaining("STARTTLS");
      }
    }
  }

  private static Names.Mx mx(int preference, String host) {
    return new Names.Mx(preference, host);
  }

  /** RFC 5321 §5.1, RFC 7505. */
  @Test
  void exchangesAreFoundAsTheDnsSays() throws Exception {
    try (MailSink sink = MailSink.willing()) {
      Zone zone =
          new Zone(
              Map.of(
                  "first.test", List.of(mx(20, "up.test"), mx(10, "down.test")),
                  "null.test", List.of(mx(0, "")),
                  "ours.test", List.of(mx(10, "us.test"), mx(20, "up.test")),
                  "backup.test", List.of(mx(20, "us.test"), mx(10, "up.test")),
                  "nowhere.test", List.of(mx(10, "none.test"))),
              // Nothing listens on the other loopback address.
              Map.of("up.test", "127.0.0.1", "down.test", "127.0.0.9", "plain.test", "127.0.0.1"));
      assertThat(status(sink, zone, "first.test")).isEqualTo("2.0.0");
      assertThat(status(sink, zone, "plain.test")).isEqualTo("2.0.0");
      assertThat(status(sink, zone, "backup.test")).isEqualTo("2.0.0");
      assertThat(status(sink, zone, "null.test")).isEqualTo("5.1.10");
      assertThat(status(sink, zone, "ours.test")).isEqualTo("5.4.6");
      assertThat(status(sink, zone, "nowhere.test")).isEqualTo("5.4.4");
      assertThat(status(sink, zone, "none.test")).isEqualTo("5.1.2");
      assertThat(status(sink, zone, "silent.test")).isEqualTo("4.4.3");
      assertThat(sink.taken()).hasSize(3);
      ClientSettings outside = ClientSettings.DEFAULTS;
      assertThat(status(sink, zone, "plain.test", outside)).isEqualTo("5.4.4");
    }
  }

  private static List<String> tried(Zone zone, String domain) {
    return client(25, QUICK, zone).survey(new Route.Exchange(domain)).servers().stream()
        .map(server -> server.name() + " " + server.address())
        .toList();
  }

  private static String addresses(String prefix, int count) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(i -> prefix + i)
        .collect(Collectors.joining(" "));
  }

  /** RFC 5321 §5.1: whatever the first exchange has, the next one has its turn. */
  @Test
  void eachExchangeIsTriedAtSomeAddress() {
    Zone zone =
        new Zone(
            Map.of("many.test", List.of(mx(10, "a.test"), mx(20, "b.test"), mx(30, "c.test"))),
            Map.of(
                "a.test",
                addresses("2001:db8::", 20) + " " + addresses("192.0.2.", 20),
                "b.test",
                addresses("198.51.100.", 20),
                "c.test",
                "203.0.113.1"));
    assertThat(tried(zone, "many.test"))
        .containsExactly(
            "a.test 2001:db8:0:0:0:0:0:1",
            "a.test 192.0.2.1",
            "a.test 2001:db8:0:0:0:0:0:2",
            "a.test 192.0.2.2",
            "a.test 2001:db8:0:0:0:0:0:3",
            "b.test 198.51.100.1",
            "b.test 198.51.100.2",
            "b.test 198.51.100.3",
            "b.test 198.51.100.4",
            "c.test 203.0.113.1");
  }

  /** A node without one of the two families reaches the next exchange too. */
  @Test
  void manyExchangesAreTriedByBothFamilies() {
    List<Names.Mx> records =
        IntStream.range(0, 40).mapToObj(i -> mx(i, "mx" + i + ".test")).toList();
    Map<String, String> hosts = new HashMap<>();
    records.forEach(each -> hosts.put(each.host(), "2001:db8::1 2001:db8::2 192.0.2.1 192.0.2.2"));
    List<String> tried = tried(new Zone(Map.of("many.test", records), hosts), "many.test");
    assertThat(tried).hasSize(10);
    for (int i = 0; i < 5; i++) {
      assertThat(tried.subList(2 * i, 2 * i + 2))
          .containsExactly("mx" + i + ".test 2001:db8:0:0:0:0:0:1", "mx" + i + ".test 192.0.2.1");
    }
  }

  /** However many are named, a message does not wait for DNS to say nothing of each. */
  @Test
  void notAllOfManyExchangesAreAskedFor() throws Exception {
    List<Optional<Verdict>> ofEach =
        List.of(
            Optional.of(Verdict.deferred("4.4.3", "no answer")),
            Optional.of(Verdict.failed("5.7.30", "nobody vouches for it")),
            Optional.empty());
    for (Optional<Verdict> told : ofEach) {
      AtomicInteger asked = new AtomicInteger();
      Names names =
          new Names() {
            @Override
            public Exchanges exchanges(String domain) {
              List<Mx> all = IntStream.range(0, 900).mapToObj(i -> mx(i, i + ".test")).toList();
              return new Exchanges(Optional.of(all), false);
            }

            @Override
            public Addresses addresses(String host) throws UnreachableException {
              asked.incrementAndGet();
              if (told.isPresent()) {
                throw new UnreachableException(told.get());
              }
              return new Addresses(List.of(), false);
            }

            @Override
            public List<Tlsa> tlsa(String host, int port) {
              throw new AssertionError("nobody vouches for this zone");
            }
          };
      try (SmtpClient.Session session =
          client(25, QUICK, names).session(new Route.Exchange("many.test"))) {
        assertThatThrownBy(() -> session.send(letter("x\r\n", "a"), () -> true))
            .isInstanceOfSatisfying(
                UnreachableException.class,
                e ->
                    assertThat(e.verdict().status())
                        .as("another may do what these do not")
                        .isEqualTo(
                            told.filter(each -> !each.isFinal())
                                .map(Verdict::status)
                                .orElse("4.4.4")));
      }
      assertThat(asked).hasValueBetween(10, 50);
    }
  }

  private static String status(MailSink sink, Zone zone, String domain) throws Exception {
    return status(sink, zone, domain, QUICK);
  }

  private static String status(MailSink sink, Zone zone, String domain, ClientSettings settings)
      throws Exception {
    SmtpClient client = client(sink.port(), settings, zone);
    try (SmtpClient.Session session = client.session(new Route.Exchange(domain))) {
      return session.send(letter("x\r\n", "a"), () -> true).verdicts().getFirst().status();
    } catch (UnreachableException e) {
      return e.verdict().status();
    }
  }

  private static MailSink at(String address, int port, MailSink.Manners manners) throws Exception {
    return new MailSink(InetAddress.ofLiteral(address), port, null, manners);
  }

  /** To three hosts of one domain, at the port of the first. */
  private static SmtpClient toThree(int port) {
    Zone zone =
        new Zone(
            Map.of("there.test", List.of(mx(30, "c.test"), mx(20, "b.test"), mx(10, "a.test"))),
            Map.of(
                "a.test", "127.0.0.11", "b.test", "127.0.0.9 127.0.0.12", "c.test", "127.0.0.13"));
    return client(port, QUICK, zone);
  }

  private static final Route THERE = new Route.Exchange("there.test");

  private static SmtpClient.Result toThree(int port, Letter letter) throws Exception {
    try (SmtpClient.Session session = toThree(port).session(THERE)) {
      SmtpClient.Result result = session.send(letter, () -> true);
      session.end();
      return result;
    }
  }

  private static String host(SmtpClient.Result result, int place) {
    return result.of(place).host().split("[ .]")[0];
  }

  /** RFC 5321 §5.1. */
  @Test
  void whatOneHostPutsOffIsOfferedToTheNextAndToNoMore() throws Exception {
    for (String where : List.of("MAIL", "RCPT TO:<late", "DATA", ".")) {
      List<Boolean> alone = new CopyOnWriteArrayList<>();
      try (MailSink first =
              at("127.0.0.11", 0, (line, _) -> line.startsWith(where) ? "450 4.2.0 later" : null);
          MailSink second =
              at(
                  "127.0.0.12",
                  first.port(),
                  (line, _) -> {
                    if (line.isEmpty()) {
                      alone.add(first.goes().getLast().contains("QUIT"));
                    }
                    return null;
                  });
          MailSink third = at("127.0.0.13", first.port(), (_, _) -> null);
          SmtpClient.Session session = toThree(first.port()).session(THERE)) {
        boolean one = where.startsWith("RCPT");
        Letter letter = letter("x\r\n", "late", "other");
        SmtpClient.Result result = session.send(letter, () -> true);
        assertThat(kinds(result)).as(where).containsOnly(Kind.DELIVERED);
        assertThat(host(result, 0)).as(where).isEqualTo("b");
        assertThat(host(result, 1)).as(where).isEqualTo(one ? "a" : "b");
        // What else there is goes there at once, over one connection.
        for (int i = 0; i < 3; i++) {
          result = session.send(letter, () -> true);
          assertThat(kinds(result)).as(where).containsOnly(Kind.DELIVERED);
          assertThat(host(result, 0) + host(result, 1)).as(where).isEqualTo("bb");
        }
        assertThat(alone).as(where).containsExactly(true);
        assertThat(first.connections()).as(where).isEqualTo(1);
        assertThat(first.taken()).as(where).hasSize(one ? 1 : 0);
        assertThat(second.taken()).as(where).hasSize(4);
        assertThat(third.connections()).as(where).isZero();
      }
    }
  }

  /** However long the next one takes, what the first has taken is known by then. */
  @Test
  void itIsKnownWhatOneHostHasTakenBeforeTheNextIsAsked() throws Exception {
    try (MailSink first =
            at(
                "127.0.0.11",
                0,
                (line, _) -> line.startsWith("RCPT TO:<late") ? "450 later" : null);
        MailSink second = at("127.0.0.12", first.port(), (_, _) -> null);
        SmtpClient.Session session = toThree(first.port()).session(THERE)) {
      List<List<Kind>> known = new ArrayList<>();
      Letter letter = letter("x\r\n", "late", "other");
      SmtpClient.Result result =
          session.send(
              letter,
              () -> true,
              sofar -> {
                assertThat(second.connections()).isZero();
                known.add(kinds(sofar));
              });
      assertThat(known).containsExactly(List.of(Kind.DEFERRED, Kind.DELIVERED));
      assertThat(kinds(result)).containsOnly(Kind.DELIVERED);
    }
  }

  @Test
  void whatTheNextHostDoesNotTakeEitherWaitsForTheFirst() throws Exception {
    for (String reply : List.of("450 4.7.1 not you", "550 5.7.1 no relay", MailSink.CLOSE)) {
      try (MailSink first =
              at("127.0.0.11", 0, (line, _) -> line.startsWith("RCPT") ? "450 4.2.0 later" : null);
          MailSink second =
              at("127.0.0.12", first.port(), (line, _) -> line.startsWith("RCPT") ? reply : null);
          MailSink third = at("127.0.0.13", first.port(), (_, _) -> null);
          SmtpClient.Session session = toThree(first.port()).session(THERE)) {
        for (int i = 0; i < 3; i++) {
          SmtpClient.Result result = session.send(letter("x\r\n", "a"), () -> true);
          assertThat(result.verdicts().getFirst().toString()).as(reply).contains("450 4.2.0 later");
          assertThat(host(result, 0)).isEqualTo("a");
        }
        // One session bothers the next host once.
        assertThat(first.connections()).as(reply).isEqualTo(2);
        assertThat(second.connections()).as(reply).isEqualTo(1);
        assertThat(third.connections()).as(reply).isZero();
      }
    }
  }

  /** It may know less than the one that it stands in for. */
  @Test
  void whatASubstituteRefusesWaitsForTheFirst() throws Exception {
    try (MailSink first =
            at("127.0.0.11", 0, (line, _) -> line.startsWith("RCPT TO:<a") ? "450 later" : null);
        MailSink second =
            at(
                "127.0.0.12",
                first.port(),
                (line, _) -> line.startsWith("RCPT TO:<b") ? "550 5.1.1 who" : null);
        SmtpClient.Session session = toThree(first.port()).session(THERE)) {
      assertThat(kinds(session.send(letter("x\r\n", "a"), () -> true)))
          .containsExactly(Kind.DELIVERED);
      SmtpClient.Result refused = session.send(letter("x\r\n", "b"), () -> true);
      assertThat(kinds(refused)).containsExactly(Kind.DEFERRED);
      assertThat(refused.verdicts().getFirst().toString()).startsWith("b.test").contains("5.1.1");
      SmtpClient.Result again = session.send(letter("x\r\n", "b"), () -> true);
      assertThat(kinds(again)).containsExactly(Kind.DELIVERED);
      assertThat(host(again, 0)).isEqualTo("a");
    }
  }

  /** The first one may have it; or has at least not said that it will do later. */
  @Test
  void whatIsInDoubtIsOfferedToNobodyElse() throws Exception {
    for (String where : List.of(".", "RCPT")) {
      for (String reply : List.of(MailSink.CLOSE, "354 go on", "hello")) {
        try (MailSink first =
                at("127.0.0.11", 0, (line, _) -> line.startsWith(where) ? reply : null);
            MailSink second =
                at(
                    "127.0.0.12",
                    first.port(),
                    (line, _) -> line.startsWith("MAIL") ? "550 not here" : null)) {
          SmtpClient.Result result = toThree(first.port(), letter("x\r\n", "a"));
          // Who breaks off before the end has nothing.
          boolean gone = where.equals("RCPT") && !reply.startsWith("354");
          assertThat(kinds(result))
              .as(reply + " to " + where)
              .containsExactly(gone ? Kind.FAILED : Kind.DEFERRED);
          assertThat(second.connections()).as(reply + " to " + where).isEqualTo(gone ? 1 : 0);
        }
      }
    }
  }

  /** Its operator has to find where a second copy came from. */
  @Test
  void whatTheNextHostMayHaveTakenIsTold() throws Exception {
    for (String reply : List.of(MailSink.CLOSE, "354 go on")) {
      try (MailSink first =
              at("127.0.0.11", 0, (line, _) -> line.startsWith("RCPT TO:<b") ? "450 later" : null);
          MailSink second =
              at("127.0.0.12", first.port(), (line, _) -> line.equals(".") ? reply : null)) {
        SmtpClient.Result result = toThree(first.port(), letter("x\r\n", "a", "b"));
        assertThat(kinds(result)).as(reply).containsExactly(Kind.DELIVERED, Kind.DEFERRED);
        assertThat(host(result, 1)).as(reply).isEqualTo("b");
        Verdict doubtful = result.verdicts().get(1);
        assertThat(doubtful.status()).as(reply).isEqualTo("4.4.2");
        assertThat(doubtful.toString())
            .as(reply)
            .startsWith("b.test")
            .contains("at the message's end");
      }
    }
  }

  @Test
  void whatTheFirstHasTakenStandsThoughTheNextOneCannotBeGivenIt() throws Exception {
    List<RuntimeException> failures =
        List.of(
            new StoreException.Unavailable("gone", null),
            new StoreException.Corrupt("bad", null),
            new UncheckedIOException(new IOException("odd")));
    for (RuntimeException failure : failures) {
      try (MailSink first =
              at("127.0.0.11", 0, (line, _) -> line.startsWith("RCPT TO:<b") ? "450 later" : null);
          MailSink second = at("127.0.0.12", first.port(), (_, _) -> null)) {
        Letter letter = letter("x\r\n", "a", "b");
        AtomicInteger copies = new AtomicInteger();
        Letter once =
            new Letter(
                letter.from(),
                letter.parameters(),
                null,
                false,
                false,
                letter.recipients(),
                sink -> {
                  if (copies.incrementAndGet() > 1) {
                    throw failure;
                  }
                  letter.content().copyTo(sink);
                });
        SmtpClient.Result result = toThree(first.port(), once);
        assertThat(kinds(result)).containsExactly(Kind.DELIVERED, Kind.DEFERRED);
        assertThat(result.verdicts().get(1).toString()).startsWith("a.test").contains("450 later");
        assertThat(copies).hasValue(2);
        assertThat(first.taken()).hasSize(1);
        assertThat(second.taken()).isEmpty();
      }
    }
  }

  @Test
  void whereThereIsARateNoMessageGoesToTwoHosts() throws Exception {
    try (MailSink first =
            at("127.0.0.11", 0, (line, _) -> line.startsWith("RCPT") ? "450 later" : null);
        MailSink second = at("127.0.0.12", first.port(), (_, _) -> null);
        SmtpClient.Session session = toThree(first.port()).pacedSession(THERE)) {
      for (int i = 0; i < 2; i++) {
        assertThat(kinds(session.send(letter("x\r\n", "a"), () -> true)))
            .containsExactly(Kind.DEFERRED);
      }
      assertThat(first.connections()).isEqualTo(1);
      assertThat(second.connections()).isZero();
    }
  }

  @Test
  void relaysAreReadAsTheyAreWritten() {
    assertThat(Relay.parse("smtp://mx.test")).hasToString("smtp://mx.test:25");
    assertThat(Relay.parse("smtps://me@h.test@mx.test/"))
        .isEqualTo(new Relay(Relay.Tls.IMPLICIT, "me@h.test", "mx.test", 465));
    assertThat(Relay.parse("smtp+plain://[::1]:2525").bareHost()).isEqualTo("::1");
    for (String wrong : List.of("", "mx.test", "http://x", "smtp://x:0", "smtp://x:70000")) {
      assertThatThrownBy(() -> Relay.parse(wrong)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void connectionsComeFromTheAddressThatIsSet() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 10, InetAddress.ofLiteral("127.0.0.1"))) {
      ClientSettings from =
          new ClientSettings(
              QUICK.connect(),
              QUICK.greeting(),
              QUICK.reply(),
              QUICK.data(),
              QUICK.end(),
              List.of(SourceAddress.parse("2001:db8::1"), SourceAddress.parse("127.0.0.2")),
              true);
      Route route = new Route.Named(Relay.parse("smtp+plain://127.0.0.1:" + server.getLocalPort()));
      CompletableFuture<Throwable> left = new CompletableFuture<>();
      Thread client =
          Thread.ofVirtual()
              .start(() -> {
                SmtpClient of = client(25, from, new Zone(Map.of(), Map.of()));
                try (SmtpClient.Session session = of.session(route)) {
                  SmtpClient.Result unused = session.send(letter("x\r\n", "a"), () -> true);
                } catch (UnreachableException theServerLeaves) {
                  left.complete(theServerLeaves);
                }
              });
      try (Socket accepted = server.accept()) {
        assertThat(accepted.getInetAddress()).isEqualTo(InetAddress.ofLiteral("127.0.0.2"));
      }
      assertThat(left.get(60, TimeUnit.SECONDS)).isInstanceOf(UnreachableException.class);
      client.join();
    }
    assertThatThrownBy(() -> SourceAddress.parse("mx.example.org"))
        .hasMessageContaining("is no address");
  }
}
