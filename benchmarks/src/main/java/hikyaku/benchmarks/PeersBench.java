package hikyaku.benchmarks;

import static hikyaku.benchmarks.Comparison.Better.HIGHER;
import static hikyaku.benchmarks.Comparison.Better.LOWER;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hikyaku bench peers}: this server beside Postfix and Dovecot. */
@Command(
    name = "peers",
    description = {
      "This server beside Postfix and Dovecot, in one run on one machine, by the same load: both write"
          + " down durably what they say they have, and both have the same kind of certificate.",
      "They are measured in turns, round by round; the first round does not count. Postfix, Dovecot"
          + " (with POP3 and LMTP) have to be installed, and it needs root, as they do."
    })
final class PeersBench implements Callable<Integer> {
  private static final String PEER = "Postfix + Dovecot";

  /** Octets of a message where nothing else is said. */
  private static final int USUAL = 10 * 1024;

  /** Messages in the mailboxes of the mixed load and of POP3. */
  private static final int SMALL_MAILBOX = 110;

  private static final int BULK = 5 * 1024 * 1024;

  private static final int MANY = 100;

  /** Idle sessions of a server that has a process for each. */
  private static final int PROCESSES = 1_000;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "How often each is measured (default: ${DEFAULT-VALUE}).")
  int rounds;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description = "How long each rate is measured in a round (default: ${DEFAULT-VALUE}).")
  double seconds;

  @Option(
      names = "--warm-up",
      defaultValue = "5",
      description = "The same in the round that does not count (default: ${DEFAULT-VALUE}).")
  double warmUp;

  @Option(
      names = "--messages",
      defaultValue = "100000",
      description = "In the large mailbox (default: ${DEFAULT-VALUE}).")
  int messages;

  @Option(
      names = "--sessions",
      defaultValue = "17000",
      description = {
        "Idle TLS sessions, for the memory of each (default: ${DEFAULT-VALUE}); no more than a process"
            + " may have files open. Of Dovecot, which has a process for each, 1,000 at most."
      })
  int sessions;

  @Option(
      names = "--accounts",
      defaultValue = "100",
      description = "Accounts that share the load (default: ${DEFAULT-VALUE}).")
  int accounts;

  @Option(
      names = "--dovecot-fsync",
      defaultValue = "optimized",
      description =
          "Dovecot's mail_fsync: optimized, as it comes, for what must not be lost; always, for changes of"
              + " flags as well, which this server never acknowledges before they are durable (default:"
              + " ${DEFAULT-VALUE}).")
  String fsync = "optimized";

  @Option(
      names = "--only",
      split = ",",
      description =
          "Measure only these of start, disk, mailbox, imap, pop3, logins, idle, smtp, lmtp.")
  List<String> only = List.of();

  @Option(
      names = "--sizes",
      split = ",",
      defaultValue = "4096,10240,51200,5242880",
      description = "Octets of the messages of smtp and lmtp (default: ${DEFAULT-VALUE}).")
  List<Integer> sizes = List.of();

  @Option(
      names = "--sizes-to-many",
      split = ",",
      defaultValue = "4096,51200,5242880",
      description = {
        "Octets of those that go to 100 recipients (default: ${DEFAULT-VALUE}). A peer that stores a copy"
            + " for each takes 125 GiB of disk for one of 5 MB of each of 256 clients; one that links"
            + " files takes little."
      })
  List<Integer> sizesToMany = List.of();

  @Option(names = "--chart", paramLabel = "FILE", description = "Draw the ratios into this SVG.")
  Path chart;

  private final Comparison comparison = new Comparison(PEER);

  /** One of the two. */
  private interface Side {
    Target target();

    boolean ours();

    /** Waits until all that was accepted is where it is to go. */
    void settle() throws IOException, InterruptedException;

    /** Waits until nothing is done any more for these that nobody waits for. */
    void rest(int messages) throws IOException, InterruptedException;

    /** Idle sessions of which the memory is taken. */
    int idle(int sessions);

    /** KiB of memory of all its processes. */
    long memory() throws IOException, InterruptedException;

    long diskOctets() throws IOException, InterruptedException;
  }

  private record Ours(Node node) implements Side {
    @Override
    public Target target() {
      return node.target();
    }

    @Override
    public boolean ours() {
      return true;
    }

    @Override
    public void settle() {}

    @Override
    public void rest(int messages) throws IOException, InterruptedException {
      long unused = node.awaitIndex(messages);
    }

    @Override
    public int idle(int sessions) {
      return sessions;
    }

    @Override
    public long memory() throws IOException, InterruptedException {
      return Memory.ofClosedHeap(target().pid()).processKib();
    }

    @Override
    public long diskOctets() throws IOException, InterruptedException {
      return node.diskOctets();
    }
  }

  private record Theirs(PostfixDovecot peer) implements Side {
    @Override
    public Target target() {
      return peer.target();
    }

    @Override
    public boolean ours() {
      return false;
    }

    @Override
    public void settle() throws IOException, InterruptedException {
      peer.settle();
    }

    @Override
    public void rest(int messages) {}

    /** Each has a process of its own, so that more would tell nothing else. */
    @Override
    public int idle(int sessions) {
      return Math.min(sessions, PROCESSES);
    }

    @Override
    public long memory() throws IOException {
      long sum = 0;
      for (long process : peer.processes()) {
        if (ProcessHandle.of(process).isPresent()) {
          sum += Memory.share(process);
        }
      }
      return sum;
    }

    @Override
    public long diskOctets() throws IOException, InterruptedException {
      return peer.mailOctets();
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<String> missing = PostfixDovecot.missing();
    if (!missing.isEmpty()) {
      System.err.println("hikyaku: install " + String.join(" ", missing) + " first");
      return 1;
    }
    List<String> users =
        IntStream.range(0, accounts).mapToObj(i -> "u" + i + "@bench.test").toList();
    try (Node node = Node.start(accounts, "", "")) {
      node.makeAccounts();
      try (PostfixDovecot peer =
          PostfixDovecot.start(
              Files.createTempDirectory("hikyaku-bench-peer"),
              users,
              node.target().password(),
              fsync)) {
        List<Side> sides = List.of(new Ours(node), new Theirs(peer));
        if (wanted("start")) {
          start(node.secondsToStart(), peer.secondsToStart());
          for (int round = 1; round < rounds; round++) {
            startAnew(users, node.target().password());
          }
          each(sides, side -> add("memory at rest, MiB", LOWER, side, side.memory() / 1024.0));
        }
        measure(sides);
      }
    }
    comparison.print(System.out);
    if (chart != null) {
      Files.writeString(chart, RatioChart.svg(PEER, comparison.rows()));
    }
    return 0;
  }

  private void start(double ours, double theirs) {
    String what = "start to ready, empty store, s";
    comparison.add(what, LOWER, true, ours);
    comparison.add(what, LOWER, false, theirs);
  }

  private void startAnew(List<String> users, String password)
      throws IOException, InterruptedException {
    double ours;
    try (Node another = Node.start(accounts, "", "")) {
      ours = another.secondsToStart();
    }
    Path directory = Files.createTempDirectory("hikyaku-bench-peer");
    try (PostfixDovecot another = PostfixDovecot.start(directory, users, password, fsync)) {
      start(ours, another.secondsToStart());
    }
  }

  private boolean wanted(String what) {
    return only.isEmpty() || only.contains(what);
  }

  private void measure(List<Side> sides) throws IOException, InterruptedException {
    if (wanted("disk") || wanted("mailbox")) {
      each(sides, this::fillLarge);
    }
    if (wanted("mailbox")) {
      LargeMailbox large = new LargeMailbox(messages, USUAL);
      rounds(
          sides,
          (side, _) -> {
            try (Client client = loggedIn(side)) {
              large.measure(client, (what, millis) -> addIfCounts(what, LOWER, side, millis));
            }
          });
    }
    if (wanted("imap") || wanted("pop3") || wanted("logins") || wanted("idle")) {
      each(sides, side -> Loads.fill(side.target(), SMALL_MAILBOX, USUAL));
      each(sides, side -> side.rest(SMALL_MAILBOX));
    }
    if (wanted("imap")) {
      for (int clients : List.of(1, 50, 500)) {
        rate(sides, "IMAP commands/s, mixed, " + clients + " clients", clients, Loads::imap);
      }
    }
    if (wanted("pop3")) {
      rate(sides, "POP3 sessions/s of ten messages, 8 clients", 8, Loads::pop3);
      each(sides, PeersBench::putBulk);
      rate(sides, "POP3 RETR of 5 MB/s, 2 clients", 2, Loads::retrieveLast);
    }
    if (wanted("logins")) {
      rate(sides, "logins/s, 16 clients", 16, target -> Loads.login(target, false));
      rate(sides, "logins/s with TLS, 16 clients", 16, target -> Loads.login(target, true));
    }
    if (wanted("idle")) {
      each(sides, this::idle);
    }
    if (wanted("smtp")) {
      deliveries(sides, false);
    }
    if (wanted("lmtp")) {
      deliveries(sides, true);
    }
  }

  // ---- how things are measured

  @FunctionalInterface
  private interface Task {
    void run(Side side) throws IOException, InterruptedException;
  }

  @FunctionalInterface
  private interface Round {
    void run(Side side, double lasting) throws IOException, InterruptedException;
  }

  private static void each(List<Side> sides, Task task) throws IOException, InterruptedException {
    for (Side side : sides) {
      task.run(side);
    }
  }

  private boolean counts;

  /** In turns, each first in every second round; what the first round adds does not count. */
  private void rounds(List<Side> sides, Round round) throws IOException, InterruptedException {
    for (int i = 0; i <= rounds; i++) {
      counts = i > 0;
      for (Side side : i % 2 == 0 ? sides : sides.reversed()) {
        round.run(side, counts ? seconds : warmUp);
      }
    }
    counts = true;
  }

  private void add(String what, Comparison.Better better, Side side, double figure) {
    comparison.add(what, better, side.ours(), figure);
  }

  private void addIfCounts(String what, Comparison.Better better, Side side, double figure) {
    if (counts) {
      add(what, better, side, figure);
    }
  }

  @FunctionalInterface
  private interface LoadOn {
    Load.WorkerFactory of(Target target);
  }

  private void rate(List<Side> sides, String what, int clients, LoadOn load)
      throws IOException, InterruptedException {
    rounds(
        sides,
        (side, lasting) -> {
          Load.Figures figures = new Load(clients, 0.3, lasting).run(load.of(side.target()));
          addIfCounts(what, HIGHER, side, figures.perSecond());
        });
  }

  // ---- a large mailbox

  private void fillLarge(Side side) throws IOException, InterruptedException {
    long before = side.diskOctets();
    try (Client client = loggedIn(side)) {
      LargeMailbox.fill(client, messages, USUAL);
    }
    side.rest(messages);
    add(
        "disk, octets for each of mail",
        LOWER,
        side,
        (side.diskOctets() - before) / (double) USUAL / messages);
  }

  private static Client loggedIn(Side side) throws IOException {
    Target target = side.target();
    Client client = Client.plain(target.host(), target.imap());
    client.line();
    client.imap("LOGIN " + target.user(0) + " " + target.password());
    return client;
  }

  // ---- the rest

  private static void putBulk(Side side) throws IOException {
    Target target = side.target();
    for (int user = 0; user < 2; user++) {
      try (Client client = Client.plain(target.host(), target.imap())) {
        client.line();
        client.imap("LOGIN " + target.user(user) + " " + target.password());
        Loads.append(client, "INBOX", 1, BULK);
      }
    }
  }

  /** The slope between some sessions and many, so that what is taken once is none of it. */
  private void idle(Side side) throws IOException, InterruptedException {
    List<Client> open = new ArrayList<>(Loads.idle(side.target(), accounts));
    int many = side.idle(sessions);
    try {
      long before = side.memory();
      open.addAll(Loads.idle(side.target(), many));
      add(
          "memory for each idle TLS session, KiB",
          LOWER,
          side,
          (side.memory() - before) / (double) many);
    } finally {
      for (Client client : open) {
        client.close();
      }
    }
  }

  private void deliveries(List<Side> sides, boolean lmtp) throws IOException, InterruptedException {
    for (int recipients : List.of(1, MANY)) {
      for (int octets : recipients > 1 ? sizesToMany : sizes) {
        for (int clients : List.of(1, 32, 256)) {
          String what =
              String.format(
                  Locale.ROOT,
                  "%s, %s, %d to, %d clients",
                  lmtp ? "LMTP" : "SMTP",
                  octets % (1 << 20) == 0 ? (octets >> 20) + " MB" : (octets >> 10) + " KB",
                  recipients,
                  clients);
          rounds(
              sides,
              (side, lasting) -> deliver(side, lmtp, what, octets, recipients, clients, lasting));
        }
      }
    }
  }

  private void deliver(
      Side side, boolean lmtp, String what, int octets, int recipients, int clients, double lasting)
      throws IOException, InterruptedException {
    long began = System.nanoTime();
    Load.Figures figures =
        new Load(clients, 0, lasting)
            .run(Loads.deliver(side.target(), lmtp, octets, Math.min(recipients, accounts)));
    double accepting = (System.nanoTime() - began) / 1e9;
    side.settle();
    double delivering = (System.nanoTime() - began) / 1e9;
    if (!lmtp) {
      addIfCounts(what + ": accepted/s", HIGHER, side, figures.all() / accepting);
    }
    addIfCounts(what + ": delivered/s", HIGHER, side, figures.all() * recipients / delivering);
  }
}
