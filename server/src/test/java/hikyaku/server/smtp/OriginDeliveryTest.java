package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.SpecialUse;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.LogName;
import hikyaku.server.dmarc.proto.DmarcEvent;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.SieveSettings;
import hikyaku.server.net.AddressPrefix;
import hikyaku.server.net.TlsMode;
import hikyaku.server.origin.Origin;
import hikyaku.server.origin.OriginSettings;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.queue.QueueView;
import hikyaku.server.testing.Carrier;
import hikyaku.server.testing.MailSink;
import hikyaku.server.testing.ZoneDns;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of mail by whom it is from. Nobody in these tests may send for anybody. */
class OriginDeliveryTest {
  private static final OriginSettings DEFAULTS = OriginSettings.DEFAULTS.named("mx.demo.test");
  private static final String FORGED = "Authentication-Results: mx.demo.test; dmarc=pass\r\n";

  private final ZoneDns dns = new ZoneDns().with("a.example", "TXT", "v=spf1 -all");
  private World world;
  private Origin origin;
  private Runnable beforeText = () -> {};
  private String recipient = "u1@demo.test";

  static OriginSettings settings(List<AddressPrefix> trusted) {
    return settings(trusted, DEFAULTS.spfFail());
  }

  private static OriginSettings settings(
      List<AddressPrefix> trusted, OriginSettings.Action spfFail) {
    return new OriginSettings(
        true,
        DEFAULTS.authservId(),
        trusted,
        DEFAULTS.forwarders(),
        DEFAULTS.sealers(),
        DEFAULTS.dmarcReject(),
        DEFAULTS.dmarcQuarantine(),
        spfFail,
        DEFAULTS.unsure(),
        Duration.ofSeconds(20),
        DEFAULTS.questions(),
        DEFAULTS.signatures(),
        DEFAULTS.header(),
        DEFAULTS.seal());
  }

  private void open(SmtpFace face, OriginSettings settings, Optional<Carrier.Plan> plan)
      throws IOException {
    origin = new Origin(settings, dns, InstantSource.system(), new SimpleMeterRegistry());
    world = new World(face, TestSettings.DEFAULT, TlsMode.NONE, plan, Optional.of(origin));
  }

  private void open() throws IOException {
    open(SmtpFace.MX, settings(List.of()), Optional.empty());
  }

  @AfterEach
  void close() {
    if (world != null) {
      world.close();
      origin.close();
    }
  }

  /** The reply to the last of {@link #send}. */
  private final List<String> reply = new ArrayList<>();

  /** Sends a message by a real connection; returns what the server says at its end. */
  private String send(String hello, String header) throws IOException {
    try (Socket socket = world.connect()) {
      BufferedReader in =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
      String last = in.readLine();
      for (String line :
          List.of(
              hello + " c.example",
              "MAIL FROM:<jo@a.example>",
              "RCPT TO:<" + recipient + ">",
              "DATA",
              header + "Subject: x\r\n\r\nhi\r\n.")) {
        if (line.endsWith(".")) {
          beforeText.run();
        }
        socket.getOutputStream().write((line + "\r\n").getBytes(ISO_8859_1));
        reply.clear();
        do {
          last = in.readLine();
          reply.add(last);
        } while (last.startsWith("-", 3));
      }
      return last;
    }
  }

  private String send(String header) throws IOException {
    return send("EHLO", header);
  }

  private String id() {
    return world.directory.named("u1").id();
  }

  private AccountMail mail() {
    return world.mail.account(id());
  }

  private int in(String folder) {
    return mail().tree().folder(folder).isEmpty() ? 0 : mail().mailbox(folder).refresh().size();
  }

  /** RFC 7208 §6.2, §8.4: who is refused is told why, and whose words these are. */
  @Test
  void whoIsRefusedBySpfHearsWhatTheDomainSays() throws Exception {
    open(SmtpFace.MX, settings(List.of(), OriginSettings.Action.REFUSE), Optional.empty());
    String ours = "Your server may not send for this domain, by SPF";
    assertThat(send("From: jo@a.example\r\n")).isEqualTo("550 5.7.23 " + ours);
    dns.without("a.example")
        .with("a.example", "TXT", "v=spf1 -all exp=why.a.example")
        .with("why.a.example", "TXT", "See https://a.example/?from=%{S}");
    assertThat(send("From: jo@a.example\r\n"))
        .isEqualTo("550 5.7.23 See https://a.example/?from=jo%40a.example");
    assertThat(reply).startsWith("550-5.7.23 " + ours, "550-5.7.23 a.example explains:").hasSize(3);
    dns.without("why.a.example").silent("why.a.example");
    assertThat(send("From: jo@a.example\r\n")).isEqualTo("550 5.7.23 " + ours);
    assertThat(in("INBOX")).isZero();
  }

  @Test
  void theResultsStandBeforeTheMessage() throws Exception {
    open();
    dns.with("_dmarc.a.example", "TXT", "v=DMARC1; p=none");
    assertThat(send(FORGED + "From: jo@a.example\r\n")).startsWith("250 2.0.0 ");
    assertThat(world.message("u1", 1))
        .startsWith("Return-Path: <jo@a.example>\r\nDelivered-To: u1@demo.test\r\n")
        .contains(
            "Authentication-Results: mx.demo.test;\r\n"
                + "\tspf=fail smtp.mailfrom=a.example;\r\n"
                + "\tdkim=none;\r\n"
                + "\tdmarc=fail (p=none sender=denied dis=none) header.from=a.example\r\nReceived: ")
        .endsWith("\r\nFrom: jo@a.example\r\nSubject: x\r\n\r\nhi\r\n")
        .doesNotContain(FORGED);
  }

  @Test
  void policiesAreObeyed() throws Exception {
    open();
    dns.with("_dmarc.a.example", "TXT", "v=DMARC1; p=reject")
        .with("_dmarc.b.example", "TXT", "v=DMARC1; p=quarantine");
    assertThat(send("From: jo@a.example\r\n"))
        .isEqualTo("550 5.7.26 Refused by the DMARC policy of a.example");
    assertThat(send("From: jo@b.example\r\n")).startsWith("250 ");
    assertThat(send("From: jo@c.example\r\n")).startsWith("250 ");
    assertThat(in("INBOX")).isEqualTo(1);
    assertThat(in("Junk")).isEqualTo(1);
    assertThat(mail().tree().with(SpecialUse.JUNK)).isPresent();
    assertThat(mail().tree().isSubscribed("Junk")).isTrue();
  }

  /** A script sees the results, and what it wants comes before what they say. */
  @Test
  void scriptsDecide() throws Exception {
    open();
    dns.with("_dmarc.b.example", "TXT", "v=DMARC1; p=quarantine");
    Filter filter = Filter.of(world.mail, world.directory, SieveSettings.DEFAULTS);
    String script =
        """
        require ["fileinto", "mailbox"];
        if header :contains "Authentication-Results" "dmarc=fail" {
          if header :contains "Subject" "x" { fileinto :create "Odd"; }
        }
        """;
    filter.put(id(), "main", ByteString.copyFromUtf8(script));
    filter.scripts().activate(id(), "main");
    assertThat(send("From: jo@b.example\r\n")).startsWith("250 ");
    assertThat(in("Odd")).isEqualTo(1);
    filter.put(id(), "main", ByteString.copyFromUtf8("keep;"));
    assertThat(send("From: jo@b.example\r\n")).startsWith("250 ");
    assertThat(in("Junk")).isEqualTo(1);
    assertThat(in("INBOX")).isZero();
  }

  /** Our own machines are taken at their word, and so is whoever delivers by LMTP. */
  @Test
  void ourOwnAreNotLookedAt() throws Exception {
    dns.with("_dmarc.a.example", "TXT", "v=DMARC1; p=reject");
    open(SmtpFace.MX, DEFAULTS, Optional.empty());
    assertThat(send(FORGED + "From: jo@a.example\r\n")).startsWith("250 ");
    assertThat(world.message("u1", 1)).contains(FORGED);
    close();
    open(SmtpFace.LMTP, settings(List.of()), Optional.empty());
    assertThat(send("LHLO", FORGED + "From: jo@a.example\r\n")).startsWith("250 ");
    assertThat(world.message("u1", 1)).contains(FORGED);
    assertThat(dns.questions.get()).isZero();
  }

  /**
   * Whatever DNS says by the time of a repeat: what a node has delivered before it died stays
   * delivered, once and where it is.
   */
  @Test
  void aRepeatElsewhereIsJudgedAsBefore() throws Exception {
    AtomicInteger after = new AtomicInteger();
    for (long seed = 1; seed <= 12; seed++) {
      String policy = "_dmarc.a.example";
      dns.without(policy).with(policy, "TXT", "v=DMARC1; p=quarantine");
      open(
          SmtpFace.MX,
          settings(List.of()),
          Optional.of(new Carrier.Plan(3, 16 * 1024, seed * 7_919_999)));
      boolean reject = seed % 2 == 0;
      Carrier carrier = world.carrier.orElseThrow();
      // It dies where it matters: between the delivery and the reply to it.
      carrier.spare(true);
      beforeText = () -> carrier.spare(false);
      carrier.onDeath(() -> {
        if (in("Junk") > 0) {
          after.incrementAndGet();
          dns.without(policy);
          if (reject) {
            dns.with(policy, "TXT", "v=DMARC1; p=reject");
          }
        }
      });
      assertThat(send("From: jo@a.example\r\n")).startsWith("250 2.0.0 ");
      assertThat(in("Junk")).isEqualTo(1);
      assertThat(in("INBOX")).isZero();
      close();
      world = null;
    }
    assertThat(after.get()).isGreaterThan(1);
  }

  /** What is counted for reports, in the words of each: which disposition. */
  private List<String> counted() throws IOException {
    List<String> counted = new ArrayList<>();
    for (LogName log : world.store.logs().list("dmarc-results/", null, 100).keySet()) {
      for (Entry entry : world.store.logs().read(log, 0, Long.MAX_VALUE, 100)) {
        DmarcEvent event = DmarcEvent.parseFrom(entry.payload());
        if (event.hasCounted()) {
          counted.add(event.getCounted().getRow().getDisposition());
        }
      }
    }
    return counted;
  }

  /** RFC 7489 §7.2: also what is refused; what is to come again is not counted yet. */
  @Test
  void eachMessageIsCountedOnce() throws Exception {
    open();
    dns.with("_dmarc.a.example", "TXT", "v=DMARC1; p=reject; rua=mailto:r@a.example")
        .with("_dmarc.b.example", "TXT", "v=DMARC1; p=quarantine; rua=mailto:r@b.example")
        .with("_dmarc.c.example", "TXT", "v=DMARC1; p=reject");
    assertThat(send("From: jo@a.example\r\n")).startsWith("550 5.7.26");
    assertThat(counted()).containsExactly("reject");
    assertThat(send("From: jo@b.example\r\n")).startsWith("250 ");
    assertThat(counted()).containsExactlyInAnyOrder("reject", "quarantine");
    assertThat(send("From: jo@c.example\r\n")).as("nobody wants to know").startsWith("550 ");
    assertThat(send("Delivered-To: u1@demo.test\r\nFrom: jo@b.example\r\n"))
        .as("refused for another reason")
        .startsWith("554 ");
    assertThat(counted()).containsExactlyInAnyOrder("reject", "quarantine", "quarantine");
  }

  /** However often a session is carried on by another node, between counting and reply too. */
  @Test
  void whatIsRepeatedElsewhereIsCountedOnce() throws Exception {
    dns.with("_dmarc.a.example", "TXT", "v=DMARC1; p=reject; rua=mailto:r@a.example")
        .with("_dmarc.b.example", "TXT", "v=DMARC1; p=quarantine; rua=mailto:r@b.example");
    AtomicInteger after = new AtomicInteger();
    for (long seed = 1; seed <= 24; seed++) {
      open(
          SmtpFace.MX,
          settings(List.of()),
          Optional.of(new Carrier.Plan(3, 16 * 1024, seed * 7_919_999)));
      Carrier carrier = world.carrier.orElseThrow();
      carrier.spare(true);
      beforeText = () -> carrier.spare(false);
      carrier.onDeath(() -> {
        try {
          after.addAndGet(counted().size());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
      boolean refused = seed % 2 == 0;
      assertThat(send("From: jo@" + (refused ? "a" : "b") + ".example\r\n"))
          .startsWith(refused ? "550 5.7.26" : "250 ");
      assertThat(counted()).hasSize(1);
      close();
      world = null;
    }
    assertThat(after.get()).as("nodes that died after they had counted").isPositive();
  }

  private void script(String script) throws Exception {
    Filter filter = Filter.of(world.mail, world.directory, SieveSettings.DEFAULTS);
    filter.put(id(), "main", ByteString.copyFromUtf8(script));
    filter.scripts().activate(id(), "main");
  }

  private List<Outgoing> queued() {
    return new QueueView(world.store.logs(), InstantSource.system())
            .find(new QueueView.Filter(null, null, null, null, null, false, null), 1000)
            .messages()
            .stream()
            .map(QueueView.Waiting::message)
            .toList();
  }

  /** Sends to somebody whose script refuses it and to somebody who takes it; counts the reports. */
  private int reports() throws IOException {
    int before = queued().size();
    assertThat(send("From: jo@a.example\r\nX-Try: " + before + "\r\n")).startsWith("250 ");
    return queued().size() - before;
  }

  /** RFC 5429 §2.1: unless nothing but the sender itself says that the sender is forged. */
  @Test
  void whoeverIsDeniedByItsDomainHearsOfNoRefusal() throws Exception {
    open();
    recipient = "info@demo.test";
    script("require \"ereject\"; ereject \"Not wanted\";");
    assertThat(reports()).as("v=spf1 -all").isZero();
    dns.without("a.example").with("a.example", "TXT", "v=spf1 ~all");
    assertThat(reports()).as("v=spf1 ~all").isZero();
    script("require \"reject\"; reject \"Not wanted\";");
    assertThat(reports()).as("an MDN").isZero();
    dns.without("a.example").with("a.example", "TXT", "v=spf1 ?all");
    assertThat(reports()).as("v=spf1 ?all").isOne();
    dns.without("a.example").with("a.example", "TXT", "v=spf1 +all");
    assertThat(reports()).as("v=spf1 +all").isOne();
  }

  /** Words that no reply can say, and no mail must. */
  @Test
  void whoeverIsDeniedIsRefusedInOtherWords() throws Exception {
    open();
    script("require \"reject\"; reject \"要りません\";");
    assertThat(send("From: jo@a.example\r\n"))
        .isEqualTo("550 5.7.1 The recipient does not want this message");
    assertThat(queued()).isEmpty();
    dns.without("a.example").with("a.example", "TXT", "v=spf1 +all");
    assertThat(send("From: jo@a.example\r\n")).startsWith("250 ");
    assertThat(queued()).hasSize(1);
  }

  /** The next server may refuse it as well, or answer by itself. */
  @Test
  void whoeverIsDeniedHearsNothingOfWhatIsSentOn() throws Exception {
    open();
    script("redirect \"p@q.example\"; keep;");
    assertThat(send("From: jo@a.example\r\n")).startsWith("250 ");
    assertThat(queued().getFirst().recipients().getFirst().parameters().notifyOn()).isEmpty();
    dns.without("a.example").with("a.example", "TXT", "v=spf1 +all");
    assertThat(send("From: jo@a.example\r\nX-Try: 2\r\n")).startsWith("250 ");
    assertThat(queued().getLast().recipients().getFirst().parameters().notifyOn()).isNull();
  }

  @Test
  void whoeverIsDeniedIsNotAnswered() throws Exception {
    open();
    script("require \"vacation\"; vacation \"gone\";");
    assertThat(send("From: jo@a.example\r\nTo: u1@demo.test\r\n")).startsWith("250 ");
    assertThat(queued()).isEmpty();
    dns.without("a.example").with("a.example", "TXT", "v=spf1 +all");
    assertThat(send("From: jo@a.example\r\nTo: u1@demo.test\r\n")).startsWith("250 ");
    assertThat(queued()).hasSize(1);
  }

  private int noted() {
    return (int)
        world.store.logs().read(new LogName("dmarc-inbox"), 0, Long.MAX_VALUE, 100).stream()
            .filter(entry -> !entry.blobs().isEmpty())
            .count();
  }

  private double read(String result) {
    var counter = world.meters.find("hikyaku.dmarc.received").tag("result", result).counter();
    return counter == null ? 0 : counter.count();
  }

  /** Reports of others are read if they are proven to be theirs. */
  @Test
  void whatComesForWhoTakesReportsIsReadIfItIsProven() throws Exception {
    open();
    recipient = "U2@demo.test";
    dns.with("_dmarc.a.example", "TXT", "v=DMARC1; p=none");
    assertThat(send("From: jo@a.example\r\n")).startsWith("250 ");
    assertThat(noted()).isZero();
    dns.without("a.example").with("a.example", "TXT", "v=spf1 +all");
    assertThat(send("From: jo@a.example\r\n")).startsWith("250 ");
    MailSink.until("it was read", () -> read("unreadable") == 1);
    MailSink.until("it is let go of", () -> noted() == 0);
    recipient = "u1@demo.test";
    assertThat(send("From: jo@a.example\r\n")).startsWith("250 ");
    assertThat(read("unreadable")).isEqualTo(1);
    assertThat(noted()).isZero();
  }
}
