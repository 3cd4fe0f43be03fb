package hikyaku.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import hikyaku.systemtests.internet.Internet;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * One internet with a server of ours in it, and what its users do, for all tests that want one: to
 * build it costs more than most of them. These are the last but for {@link LastTest}, which ends
 * it. When a test fails, what was said there goes to its report.
 */
final class InternetSite implements BeforeAllCallback, TestWatcher {
  /** Of tests that use it. */
  static final int ORDER = Integer.MAX_VALUE - 1;

  /** Whose mail it is about where nothing else is said. */
  static final String USER = "anna@hikyaku.example";

  static final String DOMAIN = "hikyaku.example";

  /** The end of a message, all of whose fields are there already. */
  static final String TEXT = "\r\nOne line.\r\n";

  private static final int PATIENCE_SECONDS = 180;

  private static Path directory;
  private static Internet internet;
  private static Node node;

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    String hindrance = Internet.hindrance();
    assumeTrue(hindrance.isEmpty(), "the internet is not tried: " + hindrance);
    if (internet == null) {
      Path target = Path.of("target").toAbsolutePath();
      Files.createDirectories(target);
      directory = Files.createTempDirectory(target, "internet");
      begin();
    }
  }

  private static void begin() throws Exception {
    internet = new Internet(directory.resolve("internet"), Node.unpackedServers(directory));
    String settings =
        """
        hostname = "%s"
        [listen]
        standard-ports = true
        [listen.web]
        enabled = true
        [tls]
        certificate = "%s"
        key = "%s"
        [queue]
        first-retry = "1s"
        longest-retry = "2s"
        passwords = "%s"
        routes = { %s }
        [queue.client]
        connect = "2s"
        sources = ["%s"]
        [smtp]
        priorities = { "%s" = 4 }
        [lists]
        url = "https://%1$s"
        [dmarc-reports]
        address = "dmarc@%7$s"
        """
            .formatted(
                Internet.OUR_HOST,
                internet.certificate(Internet.OUR_HOST),
                internet.key(Internet.OUR_HOST),
                Files.writeString(directory.resolve("passwords"), Internet.smartHostLogins()),
                Internet.smartHosts().entrySet().stream()
                    .map(route -> '"' + route.getKey() + "\" = \"" + route.getValue() + '"')
                    .collect(Collectors.joining(", ")),
                String.join("\", \"", internet.sources()),
                DOMAIN);
    node = Node.on(internet.ours(), directory.resolve("node"), settings, trusting());
    try (ExecutorService beside = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> others =
          beside.submit(() -> {
            internet.start();
            return null;
          });
      node.start();
      others.get();
    }
    node.command("", "domain", "add", DOMAIN).ok();
    account(node, USER);
    node.command("", "domain", "set", DOMAIN, "--postmaster", USER).ok();
    node.command("", "alias", "set", "dmarc@" + DOMAIN, USER).ok();
    publish(node, DOMAIN, internet.sources());
  }

  static Internet internet() {
    return internet;
  }

  static Node node() {
    return node;
  }

  /** For what tests write. */
  static Path directory() {
    return directory;
  }

  /** An environment in which a program trusts whom everybody does there. */
  static Map<String, String> trusting() throws Exception {
    String options = System.getenv().getOrDefault("HIKYAKU_JAVA_OPTIONS", "");
    return Map.of("HIKYAKU_JAVA_OPTIONS", options + " " + internet.trust());
  }

  /** Makes an account of a server of ours. */
  static void account(Node node, String address) throws IOException, InterruptedException {
    node.command(Node.PASSWORD + "\n", "account", "add", address, "--password-stdin").ok();
  }

  @Override
  public void testFailed(ExtensionContext context, Throwable cause) {
    try {
      System.out.println(internet.logs());
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  /** Ends it, if there is one: our server stops in order, and leaves a sound data directory. */
  static void end() throws Exception {
    if (internet == null) {
      return;
    }
    try {
      assertThat(node.command("", "verify").ok().output()).contains("All is well");
      node.terminate();
      assertThat(node.exitCode()).isZero();
      assertThat(node.log()).doesNotContainPattern("(?i)\\bbug\\b");
    } finally {
      internet.close();
    }
  }

  /**
   * Makes the keys of a domain and publishes what a server of ours wants published, which is all
   * that others want to see.
   *
   * @param sources where its mail comes from: addresses that are private here, which it does not
   *     have in its SPF record by itself
   */
  static void publish(Node node, String domain, List<String> sources)
      throws IOException, InterruptedException {
    String terms =
        sources.stream()
            .map(each -> (each.contains(":") ? " ip6:" : " ip4:") + each)
            .collect(Collectors.joining("", "\"v=spf1", ""));
    Ran keys = node.command("", "domain", "dkim", "create", domain, "--json").ok();
    Ran before = node.command("", "dns", domain).ended(4);
    internet.publish(
        before
            .output()
            .lines()
            .filter(
                line -> !line.isEmpty() && !line.startsWith(";") && !line.startsWith("_mta-sts"))
            .map(line -> line.replace("\"v=spf1", terms))
            .toList());
    awaitPublished(node, domain);
    List<String> selectors =
        keys.output()
            .lines()
            .filter(line -> line.contains("\"selector\""))
            .map(line -> line.replaceAll(".*: \"(.*)\".*", "$1"))
            .toList();
    assertThat(selectors).hasSize(2);
    for (String selector : selectors) {
      node.command("", "domain", "dkim", "activate", domain, selector).ok();
    }
  }

  /** A resolver that has heard of nothing may say so for the rest of that second. */
  private static void awaitPublished(Node node, String domain)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    Ran looked = node.command("", "dns", domain);
    while (looked.exit() != 0 && System.nanoTime() < end) {
      Ran.pause();
      looked = node.command("", "dns", domain);
    }
    looked.ok();
  }

  // ---- what users do

  /** Submits a message to our server. */
  static void submit(String subject, String... recipients) throws Exception {
    submitThis(subject, TEXT, recipients);
  }

  /**
   * @param rest what follows the fields that every message has, here and below
   */
  static void submitThis(String subject, String rest, String... recipients) throws Exception {
    submitTo(Internet.OUR_HOST, USER, subject, rest, recipients);
  }

  /** Submits a message of an account to a server of ours. */
  static void submitTo(
      String host, String account, String subject, String rest, String... recipients)
      throws Exception {
    String login = "user = \"" + account + ":" + Node.PASSWORD + "\"\n";
    send(host + ":587", login, account, subject, rest, recipients);
  }

  /** Gives a message to another server, which knows the user. */
  static void give(String server, String from, String subject, String... recipients)
      throws Exception {
    giveThis(server, from, subject, TEXT, recipients);
  }

  static void giveThis(
      String server, String from, String subject, String rest, String... recipients)
      throws Exception {
    send(server + ":25", "", from, subject, rest, recipients);
  }

  private static void send(
      String place, String login, String from, String subject, String rest, String... recipients)
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
        .append("url = \"smtp://%s/client.users.example\"\n".formatted(place))
        .append(login)
        .append("upload-file = \"%s\"\nmail-from = \"%s\"\n".formatted(message, from));
    for (String recipient : recipients) {
      options.append("mail-rcpt = \"").append(recipient).append("\"\n");
    }
    Path file = Files.createTempFile(directory, "curl", ".txt");
    Files.writeString(file, options, UTF_8);
    internet.users().run(List.of("curl", "--config", file.toString()));
  }

  /** The user's mail. */
  static List<String> inbox() throws Exception {
    return inbox(USER, Internet.OUR_HOST);
  }

  /** The mail of an account of a server of ours. */
  static List<String> inbox(String account, String host) throws Exception {
    List<String> curl =
        List.of(
            "curl",
            "--silent",
            "--show-error",
            "--cacert",
            internet.authority().toString(),
            "--user",
            account + ":" + Node.PASSWORD);
    String url = "pop3s://" + host + "/";
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

  /**
   * Submits a message with parameters, which curl has none of.
   *
   * @param mail those of MAIL, with spaces between; likewise those of RCPT
   */
  static void ask(String subject, String mail, String rcpt, String recipient) throws Exception {
    URL script = Objects.requireNonNull(InternetSite.class.getResource("use_envelope.py"));
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

  /** What dkimpy says of the newest signature of a message, which asks DNS for the key. */
  static String verified(String message) throws Exception {
    return judged("dkimverify", message);
  }

  /** What it says of the seals. */
  static String unsealed(String message) throws Exception {
    return judged("arcverify", message);
  }

  private static String judged(String program, String message) throws Exception {
    Path file = Files.createTempFile(directory, "signed", ".eml");
    Files.writeString(file, message.substring(message.indexOf("\nReceived: ") + 1));
    return internet
        .users()
        .run(List.of("sh", "-c", program + " < \"$1\"", program, file.toString()));
  }

  // ---- waiting

  /** Looks until there is something. */
  static String await(String what, Callable<List<String>> where, Predicate<String> wanted)
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
  static String arrived(String domain, String subject) throws Exception {
    return await(
        subject + " at " + domain,
        () -> internet.box(domain),
        message -> message.contains("\nSubject: " + subject + "\n"));
  }

  /** A message with that subject in the user's mail. */
  static String received(String subject) throws Exception {
    return received(USER, subject);
  }

  /** A message with that subject in the mail of an account of our server. */
  static String received(String account, String subject) throws Exception {
    return await(
        subject + " for " + account,
        () -> inbox(account, Internet.OUR_HOST),
        message -> message.contains("\nSubject: " + subject + "\n"));
  }

  /**
   * A report of our server to the user.
   *
   * @param address whom it is about, with its type
   */
  static String report(String address) throws Exception {
    return await(
        "report about " + address,
        InternetSite::inbox,
        message -> message.contains("Final-Recipient: " + address + "\n"));
  }

  /** Until the queue gives that as the reason why it has something for the domain. */
  static void waits(String domain, String reason) throws Exception {
    await(
        "'" + reason + "' for " + domain,
        () -> List.of(node.command("", "queue", "list", "--domain", domain).ok().output()),
        said -> said.contains(reason));
  }
}
