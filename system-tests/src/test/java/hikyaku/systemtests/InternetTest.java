package hikyaku.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import hikyaku.systemtests.internet.Internet;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestWatcher;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mail to and from other people's servers, found by a real DNS: that which is in order, and
 * whatever else there is out there.
 */
@ExtendWith(SharedNode.class)
class InternetTest {
  private static final int PATIENCE_SECONDS = 180;
  private static final String USER = "anna@hikyaku.example";
  private static final String REPORTER = "rita@users.example";

  @TempDir static Path directory;

  @RegisterExtension
  static final TestWatcher REPORT =
      new TestWatcher() {
        @Override
        public void testFailed(ExtensionContext context, Throwable cause) {
          try {
            System.out.println(internet.logs());
          } catch (IOException e) {
            cause.addSuppressed(e);
          }
        }
      };

  private static Internet internet;
  private static Node node;

  @BeforeAll
  static void begin() throws Exception {
    String hindrance = Internet.hindrance();
    assumeTrue(hindrance.isEmpty(), "the internet is not tried: " + hindrance);
    internet = new Internet(directory.resolve("internet"), Node.unpackedServers(directory));
    String settings =
        """
        hostname = "%s"
        [listen]
        standard-ports = true
        [tls]
        certificate = "%s"
        key = "%s"
        [queue]
        first-retry = "1s"
        longest-retry = "2s"
        passwords = "%s"
        routes = { "smart.example" = "%s" }
        [queue.client]
        connect = "2s"
        """
            .formatted(
                Internet.OUR_HOST,
                internet.certificate(),
                internet.key(),
                Files.writeString(directory.resolve("passwords"), Internet.smartHostLogin()),
                Internet.smartHost());
    String options = System.getenv().getOrDefault("HIKYAKU_JAVA_OPTIONS", "");
    node =
        Node.on(
            internet.ours(),
            directory.resolve("node"),
            settings,
            Map.of("HIKYAKU_JAVA_OPTIONS", options + " " + internet.trust()));
    try (ExecutorService beside = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> others =
          beside.submit(() -> {
            internet.start();
            return null;
          });
      node.start();
      others.get();
    }
    node.command("", "domain", "add", "hikyaku.example").ok();
    node.command(Node.PASSWORD + "\n", "account", "add", USER, "--password-stdin").ok();
    publish();
  }

  /** What the program wants published is all that others want to see. */
  private static void publish() throws IOException, InterruptedException {
    Ran keys = node.command("", "domain", "dkim", "create", "hikyaku.example", "--json").ok();
    Ran before = node.command("", "dns", "hikyaku.example").ended(4);
    internet.publish(
        before
            .output()
            .lines()
            .filter(
                line -> !line.isEmpty() && !line.startsWith(";") && !line.startsWith("_mta-sts"))
            .toList());
    awaitPublished();
    List<String> selectors =
        keys.output()
            .lines()
            .filter(line -> line.contains("\"selector\""))
            .map(line -> line.replaceAll(".*: \"(.*)\".*", "$1"))
            .toList();
    assertThat(selectors).hasSize(2);
    for (String selector : selectors) {
      node.command("", "domain", "dkim", "activate", "hikyaku.example", selector).ok();
    }
  }

  /** A resolver that has heard of nothing may say so for the rest of that second. */
  private static void awaitPublished() throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    Ran looked = node.command("", "dns", "hikyaku.example");
    while (looked.exit() != 0 && System.nanoTime() < end) {
      looked = node.command("", "dns", "hikyaku.example");
    }
    looked.ok();
  }

  @AfterAll
  static void end() throws Exception {
    try {
      if (node != null && node.runs()) {
        assertThat(node.command("", "verify").ok().output()).contains("All is well");
        node.terminate();
        assertThat(node.exitCode()).isZero();
        assertThat(node.log()).doesNotContainPattern("(?i)\\bbug\\b");
      }
    } finally {
      if (internet != null) {
        internet.close();
      }
    }
  }

  // ---- what users do

  /** Submits a message to our server. */
  private static void submit(String subject, String... recipients) throws Exception {
    submitThis(subject, "\r\nOne line.\r\n", recipients);
  }

  private static void submitThis(String subject, String rest, String... recipients)
      throws Exception {
    send(
        "smtp://" + Internet.OUR_HOST + ":587/client.users.example",
        "user = \"" + USER + ":" + Node.PASSWORD + "\"\n",
        USER,
        USER,
        subject,
        rest,
        recipients);
  }

  /** Gives a message to another server, which knows the user. */
  private static void give(String server, String from, String subject, String... recipients)
      throws Exception {
    send("smtp://" + server + ":25/client.users.example", "", from, from, subject, recipients);
  }

  private static void send(
      String url, String login, String sender, String from, String subject, String... recipients)
      throws Exception {
    send(url, login, sender, from, subject, "\r\nOne line.\r\n", recipients);
  }

  /**
   * @param rest what follows the fields that every message has
   */
  private static void send(
      String url,
      String login,
      String sender,
      String from,
      String subject,
      String rest,
      String... recipients)
      throws Exception {
    Path message = Files.createTempFile(directory, "message", ".eml");
    Files.writeString(
        message,
        "From: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s@users.example>\r\n%s"
            .formatted(from, String.join(", ", recipients), subject, subject, rest));
    StringBuilder options = new StringBuilder();
    options
        .append("silent\nshow-error\nssl-reqd\ncacert = \"%s\"\n".formatted(internet.authority()))
        // Until a server listens.
        .append("retry = 60\nretry-delay = 1\nretry-connrefused\n")
        .append("url = \"%s\"\n%supload-file = \"%s\"\n".formatted(url, login, message))
        .append("mail-from = \"%s\"\n".formatted(sender));
    for (String recipient : recipients) {
      options.append("mail-rcpt = \"").append(recipient).append("\"\n");
    }
    Path file = Files.createTempFile(directory, "curl", ".txt");
    Files.writeString(file, options, UTF_8);
    internet.users().run(List.of("curl", "--config", file.toString()));
  }

  /** The user's mail. */
  private static List<String> inbox() throws Exception {
    List<String> curl =
        List.of(
            "curl",
            "--silent",
            "--show-error",
            "--cacert",
            internet.authority().toString(),
            "--user",
            USER + ":" + Node.PASSWORD);
    String url = "pop3s://" + Internet.OUR_HOST + "/";
    List<String> list = new ArrayList<>(curl);
    list.add(url);
    long count = internet.users().run(list).lines().filter(line -> !line.isBlank()).count();
    List<String> messages = new ArrayList<>();
    for (int number = 1; number <= count; number++) {
      List<String> retrieve = new ArrayList<>(curl);
      retrieve.add(url + number);
      messages.add(internet.users().run(retrieve).replace("\r\n", "\n"));
    }
    return messages;
  }

  // ---- waiting

  /** Looks until there is something. */
  private static String await(String what, Callable<List<String>> where, Predicate<String> wanted)
      throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      List<String> there = where.call();
      for (String each : there) {
        if (wanted.test(each)) {
          return each;
        }
      }
      assertThat(System.nanoTime()).as("still no %s in %s", what, there).isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  /** A message with that subject at a domain of others. */
  private static String arrived(String domain, String subject) throws Exception {
    return await(
        subject + " at " + domain,
        () -> internet.box(domain),
        message -> message.contains("\nSubject: " + subject + "\n"));
  }

  /** A message with that subject in the user's mail. */
  private static String received(String subject) throws Exception {
    return await(
        subject, InternetTest::inbox, message -> message.contains("\nSubject: " + subject + "\n"));
  }

  /**
   * A report of our server to the user.
   *
   * @param address whom it is about, with its type
   */
  private static String report(String address) throws Exception {
    return await(
        "report about " + address,
        InternetTest::inbox,
        message -> message.contains("Final-Recipient: " + address + "\n"));
  }

  /** Until the queue gives that as the reason why it has something for the domain. */
  private static void waits(String domain, String reason) throws Exception {
    await(
        "'" + reason + "' for " + domain,
        () -> List.of(node.command("", "queue", "list", "--domain", domain).ok().output()),
        said -> said.contains(reason));
  }

  // ---- the cases

  @Test
  void mailArrivesAndNobodyWaitsForTheDead() throws Exception {
    List<String> domains =
        List.of(
            "postfix.example",
            "grey.example",
            "slow.example",
            "six.example",
            "backup.example",
            "fallback.example",
            "unsigned.example");
    List<String> recipients = new ArrayList<>(List.of("box@dead.example", "box@exim.example"));
    domains.forEach(domain -> recipients.add("box@" + domain));
    submit("everybody", recipients.toArray(String[]::new));
    for (String domain : domains) {
      assertThat(arrived(domain, "everybody"))
          .startsWith("Return-Path: <" + USER + ">\n")
          .containsPattern("Received: from mail.hikyaku.example .*\n.*using TLSv1.3 with cipher")
          .contains("by mx.postfix.example (Postfix) with ESMTPS ");
    }
    assertThat(arrived("six.example", "everybody")).contains("[IPv6:fd77::");
    assertThat(arrived("exim.example", "everybody"))
        .containsPattern("dkim=pass header.d=hikyaku.example header.s=.* header.a=rsa-sha256")
        .containsPattern("dkim=pass header.d=hikyaku.example header.s=.* header.a=ed25519-sha256")
        .containsPattern(
            "Received: from .* \\(helo=mail.hikyaku.example\\)\n"
                + "\tby mx.exim.example with esmtps +\\(TLS1.3\\)");
    assertThat(verified(arrived("postfix.example", "everybody"))).contains("signature ok");
    waits("dead.example", "no session with mx.dead.example");
    assertThat(node.command("", "queue", "list").ok().output()).doesNotContain("@postfix.example");
    for (String domain : domains) {
      assertThat(internet.box(domain).stream().filter(InternetTest::isForEverybody))
          .as("messages at " + domain)
          .hasSize(1);
    }
  }

  private static boolean isForEverybody(String message) {
    return message.contains("\nSubject: everybody\n");
  }

  /** What dkimpy says, which asks DNS for the key. */
  private static String verified(String message) throws Exception {
    Path file = Files.createTempFile(directory, "signed", ".eml");
    Files.writeString(file, message.substring(message.indexOf("\nReceived: ") + 1));
    return internet
        .users()
        .run(List.of("sh", "-c", "dkimverify < \"$1\"", "verify", file.toString()));
  }

  @Test
  void whatCannotArriveComesBack() throws Exception {
    submit("in-vain", "box@null.example", "box@nowhere.example", "nobody@postfix.example");
    assertThat(report("rfc822; box@null.example")).contains("\nStatus: 5.1.10\n");
    assertThat(report("rfc822; box@nowhere.example")).contains("\nStatus: 5.1.2\n");
    assertThat(report("rfc822; nobody@postfix.example"))
        .contains("\nStatus: 5.1.1\n")
        .contains("\nRemote-MTA: dns; mx.postfix.example\n")
        .contains("\nDiagnostic-Code: smtp; 550 5.1.1 <nobody@postfix.example>");
  }

  @Test
  void addressesBeyondAsciiGoWhereTheyCan() throws Exception {
    submit("umlaut", "böx@postfix.example", "böx@ascii.example");
    assertThat(arrived("postfix.example", "umlaut")).contains("with UTF8SMTPS ");
    assertThat(report("utf-8; böx@ascii.example")).contains("\nStatus: 5.6.7\n");
  }

  @Test
  void contentIsConvertedForWhoTakesNoOctetsAbove127() throws Exception {
    String parts =
        """
        MIME-Version: 1.0
        Content-Type: multipart/%s; boundary=b

        --b
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 8bit

        Grüße = gut
        --b
        Content-Type: application/pgp-signature
        Content-Transfer-Encoding: 8bit

        é
        --b--
        """
            .replace("\n", "\r\n");
    submitThis("eight", parts.formatted("mixed"), "box@ascii.example", "box@postfix.example");
    assertThat(arrived("ascii.example", "eight"))
        .contains("-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe =3D gut\n--b\n")
        .contains("-Encoding: base64\n\nw6k=\n--b--\n");
    assertThat(arrived("postfix.example", "eight"))
        .contains("Encoding: 8bit\n\nGrüße = gut\n--b\n");
    submitThis("sealed", parts.formatted("signed"), "box@ascii.example");
    assertThat(report("rfc822; box@ascii.example"))
        .contains("\nStatus: 5.6.3\n")
        .contains("it is signed as it is");
  }

  @Test
  void whatIsNotSafeWaitsUntilItIs() throws Exception {
    submit("careful", "box@mismatch.example", "box@sts.example", "box@bogus.example");
    waits("mismatch.example", "the certificate fits no TLSA record");
    waits("sts.example", "No subject alternative DNS name matching mx.sts.example found");
    waits("bogus.example", "DNS does not answer for bogus.example");
    assertThat(node.command("", "queue", "tls", "mismatch.example").ok().output())
        .contains("required, with a certificate that fits the TLSA record");
    assertThat(node.command("", "queue", "tls", "sts.example").ok().output())
        .contains("required, with a trusted certificate for mx.sts.example");
    assertThat(internet.box("mismatch.example")).isEmpty();
    assertThat(internet.box("sts.example")).isEmpty();
    assertThat(internet.box("bogus.example")).isEmpty();
    internet.publish(List.of(internet.rightRecordOfMismatch()));
    arrived("mismatch.example", "careful");
  }

  @Test
  void mailOfOthersComesInAndIsJudged() throws Exception {
    give(Internet.EXIM, "box@exim.example", "signed", USER);
    give(Internet.POSTFIX, "box@postfix.example", "plain", USER);
    give(Internet.POSTFIX, "box@exim.example", "forged", USER);
    assertThat(received("signed"))
        .contains("Return-Path: <box@exim.example>\n")
        .contains("dkim=pass")
        .contains("spf=pass")
        .contains("dmarc=pass");
    assertThat(received("plain")).contains("spf=pass").contains("dkim=none");
    // Postfix reports to whom it takes for the sender.
    assertThat(
            await(
                "report about what was forged",
                () -> internet.box("exim.example"),
                message -> message.contains("Final-Recipient: rfc822; " + USER)))
        .contains("550 5.7.26")
        .contains("Subject: forged");
    assertThat(inbox()).noneMatch(message -> message.contains("Subject: forged"));
    // They have looked for our TLSA record, and believe it.
    Pattern dane = Pattern.compile("=> anna@hikyaku.example .* CV=dane");
    await(
        "word of the TLSA record",
        () -> List.of(internet.logs()),
        said ->
            said.contains("Verified TLS connection established to mail.hikyaku.example")
                && dane.matcher(said).find());
  }

  @Test
  void whatOthersCannotDeliverComesBack() throws Exception {
    submit("sent-on", "away@postfix.example");
    String report =
        await(
            "report of Postfix",
            InternetTest::inbox,
            message -> message.contains("Final-Recipient: rfc822; nobody@hikyaku.example\n"));
    assertThat(report)
        .startsWith("Return-Path: <>\n")
        .contains("Original-Recipient: rfc822;away@postfix.example\n")
        .contains("said: 550 5.1.1")
        .contains("Subject: sent-on\n");
  }

  // ---- what users ask for in the envelope

  /**
   * Submits a message with parameters, which curl has none of.
   *
   * @param mail those of MAIL, with spaces between; likewise those of RCPT
   */
  private static void ask(String subject, String mail, String rcpt, String recipient)
      throws Exception {
    URL script = Objects.requireNonNull(InternetTest.class.getResource("use_envelope.py"));
    internet
        .users()
        .run(
            List.of(
                "python3",
                Path.of(script.toURI()).toString(),
                Internet.OUR_HOST,
                USER,
                Node.PASSWORD,
                internet.authority().toString(),
                subject,
                mail,
                rcpt,
                recipient));
  }

  /** Postfix reports itself; Exim, as it is configured, does not, and so our server does. */
  @Test
  void whoAsksToHearOfSuccessHearsOfIt() throws Exception {
    for (String domain : List.of("postfix.example", "exim.example")) {
      ask(
          "tell",
          "RET=HDRS ENVID=e+2B1",
          "NOTIFY=SUCCESS ORCPT=rfc822;first@users.example",
          "box@" + domain);
      arrived(domain, "tell");
      assertThat(report("rfc822; box@" + domain))
          .startsWith("Return-Path: <>\n")
          .contains("Original-Envelope-Id: e+1\n")
          .containsPattern("Original-Recipient: rfc822; ?first@users.example\n")
          .contains(domain.startsWith("p") ? "\nAction: delivered\n" : "\nAction: relayed\n")
          .contains(
              domain.startsWith("p")
                  ? "Reporting-MTA: dns; mx.postfix.example\n"
                  : "Reporting-MTA: dns; " + Internet.OUR_HOST + "\n")
          .doesNotContain("One line.");
    }
  }

  /** Neither server heeds when mail is late, or promises TLS on the rest of the way. */
  @Test
  void whatNobodyPromisesComesBackOrIsTold() throws Exception {
    ask("by-then", "BY=3600;N", "", "böx@postfix.example");
    arrived("postfix.example", "by-then");
    assertThat(report("utf-8; böx@postfix.example")).contains("\nAction: relayed\n");
    ask("in-time", "BY=3600;R", "", "late@exim.example");
    assertThat(report("rfc822; late@exim.example")).contains("\nStatus: 5.3.3\n");
    ask("secret", "REQUIRETLS", "", "secret@exim.example");
    assertThat(report("rfc822; secret@exim.example")).contains("\nStatus: 5.7.30\n");
    assertThat(internet.box("exim.example"))
        .noneMatch(message -> message.contains("Subject: in-time") || message.contains("secret"));
  }

  /** Neither takes it as it is. */
  @Test
  void binaryMailIsConvertedForWhoTakesNone() throws Exception {
    ask("binary", "BODY=BINARYMIME", "", "box@postfix.example");
    assertThat(arrived("postfix.example", "binary"))
        .contains("Content-Transfer-Encoding: base64\n\nAAoNYg==\n");
  }

  @Test
  void mailGoesByAServerThatWantsALogin() throws Exception {
    submit("by-another", "box@smart.example");
    assertThat(arrived("smart.example", "by-another"))
        .contains("by mx.postfix.example (Postfix) with ESMTPS ")
        .containsPattern(
            "Received: from .* \\(helo=mail.hikyaku.example\\)\n"
                + "\tby mx.exim.example with esmtpsa +\\(TLS1.3\\)");
  }

  // ---- reports about TLS

  /** A report that was posted, by the beginning of what is said of its request. */
  private static String posted(String beginning) throws Exception {
    String request = await(beginning, internet::reports, line -> line.startsWith(beginning));
    return unpacked(request);
  }

  private static String unpacked(String request) throws IOException {
    byte[] body = internet.report(request.substring(request.lastIndexOf(' ') + 1));
    try (GZIPInputStream unpacked = new GZIPInputStream(new ByteArrayInputStream(body))) {
      return new String(unpacked.readAllBytes(), UTF_8);
    }
  }

  /**
   * Another server of users of ours reports to other domains how TLS with them went (RFC 8460).
   * Reports are about days that are over, so its clock goes a day ahead when it starts again.
   */
  @Test
  void reportsAboutTlsArePosted() throws Exception {
    String settings =
        """
        hostname = "mail.users.example"
        [listen]
        standard-ports = true
        [queue]
        first-retry = "1s"
        longest-retry = "2s"
        [queue.client]
        connect = "2s"
        [tls-reports]
        enabled = true
        timeout = "5s"
        [housekeeping]
        compact-every = "1s"
        """;
    Path data = directory.resolve("reporter");
    String options = System.getenv().getOrDefault("HIKYAKU_JAVA_OPTIONS", "");
    Map<String, String> trust = Map.of("HIKYAKU_JAVA_OPTIONS", options + " " + internet.trust());
    List<String> domains =
        List.of("exim", "postfix", "grey", "slow", "backup", "fallback", "ascii").stream()
            .map(each -> each + ".example")
            .toList();
    Node today = Node.on(internet.users(), data, settings, trust).start();
    today.command("", "domain", "add", "users.example").ok();
    today.command(Node.PASSWORD + "\n", "account", "add", REPORTER, "--password-stdin").ok();
    send(
        "smtp://localhost:587/client.users.example",
        "insecure\nuser = \"" + REPORTER + ":" + Node.PASSWORD + "\"\n",
        REPORTER,
        REPORTER,
        "counted",
        domains.stream().map(each -> "box@" + each).toArray(String[]::new));
    for (String domain : domains) {
      arrived(domain, "counted");
    }
    today.terminate();
    assertThat(today.exitCode()).isZero();
    Map<String, String> ahead = new HashMap<>(trust);
    ahead.putAll(Node.clockAhead(directory, "+26h"));
    Node tomorrow = Node.on(internet.users(), data, settings, ahead).start();
    tomorrow.awaitLog("https://reports.example/moved cause=\"the answer is 308\"");
    tomorrow.awaitLog("https://reports.example/refused cause=\"the answer is 413\"");
    tomorrow.awaitLog("https://reports.example/later cause=\"the answer is 503\"");
    tomorrow.awaitLog("https://reports.example/silent cause=\"request timed out\"");
    tomorrow.awaitLog("https://other-reports.example/taken cause=\"(certificate_unknown)");
    assertThat(posted("POST /taken application/tlsrpt+gzip 201 "))
        .startsWith("{\"organization-name\":")
        .contains("\"policy-type\":\"sts\"", "\"policy-domain\":\"exim.example\"");
    internet.takeReports();
    assertThat(posted("POST /later application/tlsrpt+gzip 201 "))
        .contains("\"policy-domain\":\"postfix.example\"");
    tomorrow.awaitLog(
        "a report about TLS was posted domain=ascii.example at=https://reports.example/endless");
    tomorrow.terminate();
    assertThat(tomorrow.exitCode()).isZero();
    // It may have come twice, but not what was sent on or what is for another name.
    assertThat(internet.reports().stream().filter(each -> each.contains(" /taken ")).toList())
        .allSatisfy(each -> assertThat(each).startsWith("POST /taken application/tlsrpt+gzip "))
        .filteredOn(each -> each.contains(" 201 "))
        .allSatisfy(
            each -> assertThat(unpacked(each)).contains("\"policy-domain\":\"exim.example\""));
  }
}
