package hikyaku.server.front;

import hikyaku.server.link.NodeLink;
import hikyaku.server.link.Told;
import hikyaku.server.net.CarriedSession;
import hikyaku.server.net.CloseReason;
import hikyaku.server.net.Home;
import hikyaku.server.net.Muffler;
import hikyaku.server.net.NetException;
import hikyaku.server.net.TurnProtocol;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's way to the nodes, from greeting to goodbye.
 *
 * <p>It has no thread while it waits. What the client or the node says is mostly passed on at once
 * by whoever brings it; a turn with a thread does whatever may have to wait: a slow client, a link
 * that is full, a file, a move to another node.
 */
final class Passage implements TurnProtocol.Turns {
  private static final Logger LOG = LoggerFactory.getLogger(Passage.class);

  /** The position of a session in which nothing was said since TLS began. */
  private static final byte[] AFTER_TLS = {};

  /** How long a client is read from at a time that may only end what it has begun. */
  private static final Duration GLANCE = Duration.ofMillis(10);

  /** How often a passage that waits for its node alone looks at the rest of the world. */
  private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(500);

  /** Between two lines on nodes that refuse: there is one cause for all sessions. */
  private static final Muffler REFUSALS = new Muffler(Duration.ofSeconds(1));

  /** Between two lines on sessions that are not where they belong, for the same reason. */
  private static final Muffler ASTRAY = new Muffler(Duration.ofSeconds(10));

  private final TurnProtocol.TurnConnection client;
  private final FrontProtocol.Service service;
  private final Nodes nodes;
  private final FrontSettings settings;
  private final FrontMetrics metrics;
  private final Instant since = Instant.now();
  private final InputUnderWay input;
  private final String listenerPool;
  private final Resettling resettling;

  private @Nullable Inbox inbox;
  private NodeLink.@Nullable Stream stream;

  /** Nodes that refused the session since it last had one. */
  private Set<String> refusing = Set.of();

  private Preference preference;

  /** What the session was last sent home for: once, lest it go to and fro. */
  private @Nullable Preference sentHome;

  private boolean goingHome;

  /** Whence the session came, while no node has it; null while one has. */
  private @Nullable Departure departure;

  /** In the line of those that are to be given to a node, until that has it. */
  private Resettling.@Nullable Place place;

  /** When the client is told that no node takes it; counts on while one after the other refuses. */
  private long patienceEnds;

  private byte @Nullable [] position;

  /** Output that the client has, and positions kept here, that this node was not told of yet. */
  private int passedOn;

  private boolean over;

  private boolean begun;

  /** What went wrong when no turn was at hand. */
  private @Nullable Throwable failure;

  /** Whether the node has said nothing since the last input. */
  private boolean unanswered;

  private final AnswerUnderWay answer = new AnswerUnderWay();

  Passage(
      TurnProtocol.TurnConnection client,
      FrontProtocol.Service service,
      Nodes nodes,
      FrontSettings settings,
      FrontMetrics metrics) {
    this.client = client;
    this.service = service;
    this.nodes = nodes;
    this.settings = settings;
    this.metrics = metrics;
    this.resettling = nodes.resettling();
    this.input = new InputUnderWay(settings.spool(), settings.unsettled());
    this.listenerPool = settings.pools().getOrDefault(client.listener().name(), "");
    this.preference = Preference.of(listenerPool, Home.ANYWHERE);
  }

  /**
   * A session without a node.
   *
   * @param from the node that had it
   * @param began when it was lost, by {@link System#nanoTime()}
   */
  private record Departure(String from, String why, long began) {}

  @Override
  public boolean beginAtOnce() {
    if (service.listensFirst()) {
      return false;
    }
    Nodes.Choice node = nodes.choose(service.protocol(), preference, refusing).orElse(null);
    if (node == null || !node.link().hasRoom()) {
      return false;
    }
    begun = true;
    patienceEnds = System.nanoTime() + settings.patience().toNanos();
    give(node);
    return true;
  }

  @Override
  public boolean turn() throws IOException {
    try {
      failIfFailed();
      if (!begun) {
        begun = true;
        attach();
      }
      while (!over) {
        hearNode();
        if (!over && departure != null && isDue()) {
          goOn(departure);
        }
        if (!over) {
          forward();
          if (!hearClient()) {
            return true;
          }
        }
      }
    } catch (AnswerUnderWay.Diverged e) {
      metrics.diverged.increment();
      LOG.atError()
          .addKeyValue("session", client.sessionId())
          .addKeyValue("cause", e.getMessage())
          .log("a session could not be carried on");
      breakOff();
    } catch (InputUnderWay.Excess e) {
      LOG.atWarn()
          .addKeyValue("session", client.sessionId())
          .addKeyValue("cause", e.getMessage())
          .log("a session could not be carried on");
      breakOff();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
    return false;
  }

  private void failIfFailed() throws IOException {
    switch (failure) {
      case null -> {}
      case IOException e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
  }

  // ---- the client

  /** Looks whether the client has said something; false if there is nothing to do. */
  private boolean hearClient() throws IOException, InterruptedException {
    if (client.isStopping() && isBetweenCommands()) {
      goodbye();
      return true;
    }
    if (!input.isWanted()) {
      awaitNode();
      return true;
    }
    if (client.isStopping()) {
      hearTheRest();
      return true;
    }
    return switch (client.awaitOrSignal(Duration.ZERO)) {
      case INPUT -> {
        client.in().readAvailable(this::received);
        yield true;
      }
      case END -> {
        input.end();
        forward();
        yield true;
      }
      case STOPPING, MOVED, SIGNAL -> true;
      case TIMEOUT -> false;
    };
  }

  /** The client is not to be heard now: the node alone can say how it goes on. */
  private void awaitNode() throws IOException, InterruptedException {
    client.out().flush();
    Inbox mine = inbox;
    if (mine != null) {
      mine.await(LOOK);
    }
  }

  /**
   * In the time of grace the client may send the rest of what it has begun: a message, say. Waits
   * by the connection see nothing but the stop, so this one reads, and looks at the node soon.
   */
  private void hearTheRest() throws IOException {
    client.setReadTimeout(GLANCE);
    try {
      if (!client.in().readAvailable(this::received)) {
        input.end();
      }
    } catch (NetException.ReadTimeout e) {
      // It has nothing more to say for now.
      return;
    }
    forward();
  }

  @Override
  public int room() {
    NodeLink.Stream to = stream;
    return to == null || over || !to.hasRoom() ? 0 : input.room();
  }

  @Override
  public void input(byte[] octets, int offset, int length) throws IOException {
    received(octets, offset, length);
  }

  /** Whether the client has the answers to all that it asked, as far as is known here. */
  private boolean isBetweenCommands() {
    return answer.isBegun()
        ? service.isSettledByTransaction() && !answer.isBehind() && !unanswered
        : input.isSettled();
  }

  private void received(byte[] octets, int offset, int length) throws IOException {
    unanswered = true;
    input.add(octets, offset, length, stream);
  }

  /**
   * This front stops: nobody can carry its connections on. A client that has asked for something
   * hears the answer first, if it comes in the time of grace: one that does not know that its
   * message was taken sends it again.
   */
  private void goodbye() throws IOException {
    if (mayRefuse()) {
      client.out().write(service.refusal("The server is stopping"));
    }
    over = true;
  }

  /**
   * Whether a line that turns the client away may follow what it has got. Inside an answer it would
   * be taken for a part of that, but where answers in whole lines are settled together.
   */
  private boolean mayRefuse() {
    return !answer.isBegun() || service.isSettledByTransaction() && answer.isBetweenLines();
  }

  /** Nobody can go on with this session. */
  private void breakOff() throws IOException {
    if (mayRefuse()) {
      client.out().write(service.refusal("The session cannot be carried on, connect again"));
    } else {
      client.close(CloseReason.FAILED);
    }
    over = true;
  }

  private void forward() throws IOException {
    NodeLink.Stream to = stream;
    if (to != null) {
      input.forward(to);
    }
  }

  // ---- the node

  /** The node has said something; nobody waits here. */
  private void told(Inbox from) {
    if (!client.take()) {
      return;
    }
    boolean mine = from == inbox;
    boolean turn = true;
    try {
      turn = mine && !hearAtOnce(from);
    } catch (Throwable e) {
      // Whoever brings the news has nothing to do with it.
      failure = e;
    }
    if (mine && over && !turn) {
      client.part();
    } else {
      client.giveBack(turn);
    }
  }

  /** False if there is something left that a turn is needed for. */
  private boolean hearAtOnce(Inbox from) throws IOException, InterruptedException {
    Told told;
    while (!over && (told = from.peek()) != null) {
      if (!needsNoWait(told)) {
        return false;
      }
      from.poll();
      hear(told);
    }
    return over || input.isForwarded();
  }

  private boolean needsNoWait(Told told) {
    return switch (told) {
      case Told.Output _, Told.Aside _, Told.Account _, Told.Granted _ -> true;
      // A file may be at its end by it.
      case Told.Settled _ -> input.isInMemory();
      case Told.Closed(CloseReason reason) -> endsInOrder(reason);
      case Told.Left _, Told.Lost _ -> mayWait();
      case Told.StartTls _, Told.StartCompression _, Told.Refused _ -> false;
    };
  }

  /** Whether a session that its node has closed ends with what was said. */
  private static boolean endsInOrder(CloseReason reason) {
    return switch (reason) {
      case STOPPING, MOVED, OPERATOR, ACCOUNT, WRITE_TIMEOUT, BROKEN -> false;
      default -> true;
    };
  }

  private void hearNode() throws IOException, InterruptedException {
    while (!over) {
      Inbox mine = inbox;
      Told told = mine == null ? null : mine.poll();
      if (told == null) {
        return;
      }
      hear(told);
    }
  }

  private void hear(Told told) throws IOException, InterruptedException {
    if (!(told instanceof Told.Account)) {
      // Where the session stands is looked up behind that.
      standsNoMore();
    }
    switch (told) {
      case Told.Output(byte[] octets, long pinnedTo) -> {
        if (pinnedTo >= 0) {
          answer.pin(pinnedTo);
        }
        deliver(octets);
        unanswered = false;
      }
      case Told.Aside(byte[] octets) -> aside(octets);
      case Told.Settled(long offset, byte[] where, byte[] octets) -> {
        if (octets.length > 0 || offset > input.settled() || !answer.isUnrepeated()) {
          deliver(octets);
          settled(offset);
        }
        // Else the node only says that it has the session: what is to be repeated still is.
        position = where;
        grant(where.length);
      }
      case Told.StartTls(long _, byte[] octets) -> {
        deliver(octets);
        startTls();
      }
      case Told.StartCompression(long offset, byte[] octets) -> {
        deliver(octets);
        startCompression(offset);
      }
      case Told.Account(String name, Home home) -> loggedIn(name, home);
      case Told.Granted(int octets) -> input.granted(octets);
      case Told.Left _ -> depart(goingHome ? "home" : "left");
      case Told.Lost(String why) -> depart(why);
      case Told.Refused(String why) -> refused(why);
      case Told.Closed(CloseReason reason) -> closed(reason);
    }
  }

  /** Inside what the client has already there is no place for it. */
  private void aside(byte[] octets) throws IOException {
    if (!answer.isBehind()) {
      client.out().write(octets, 0, octets.length);
    }
    grant(octets.length);
  }

  /** In large sums: a frame for each answer would cost as much as the answer's own. */
  private void grant(int octets) {
    passedOn += octets;
    NodeLink.Stream to = stream;
    if (to != null && passedOn >= InputUnderWay.WINDOW / 2) {
      to.granted(passedOn);
      passedOn = 0;
    }
  }

  /** Passes octets on, but for those of a repeated answer that the client has. */
  private void deliver(byte[] octets) throws IOException {
    int from = answer.take(octets);
    if (from < octets.length) {
      client.out().write(octets, from, octets.length - from);
    }
    grant(octets.length);
  }

  private void settled(long offset) throws IOException {
    answer.settle();
    input.settle(offset);
  }

  private void startTls() throws IOException {
    answer.settle();
    input.settleAll();
    client.startTls();
    position = AFTER_TLS;
    NodeLink.Stream to = stream;
    if (to != null) {
      to.tlsStarted(client.tls().orElseThrow(), input.settled());
    }
  }

  /** What the client sent behind the command is compressed already. */
  private void startCompression(long offset) throws IOException {
    answer.settle();
    client.startCompression(input.settleAll(offset));
    NodeLink.Stream to = stream;
    if (to != null) {
      to.compressionStarted(input.settled());
    }
  }

  /**
   * Now it is known where the session is served best; if that is elsewhere it is asked back.
   *
   * @param name empty of one that has logged out
   */
  private void loggedIn(String name, Home home) {
    if (name.isEmpty()) {
      client.loggedOut();
    } else {
      client.describe(name);
    }
    if (home.equals(Home.WHERE_IT_IS)) {
      return;
    }
    preference = Preference.of(listenerPool, home);
    NodeLink.Stream from = stream;
    if (from != null
        && !preference.equals(sentHome)
        && nodes.isBetterThan(from.node(), service.protocol(), preference)) {
      sentHome = preference;
      goingHome = true;
      from.letGo();
    }
  }

  private void closed(CloseReason reason) throws IOException, InterruptedException {
    switch (reason) {
      case STOPPING, MOVED -> depart("the node stopped");
      case OPERATOR, ACCOUNT, WRITE_TIMEOUT, BROKEN -> {
        stream = null;
        client.close(reason);
        over = true;
      }
      default -> {
        stream = null;
        over = true;
      }
    }
  }

  private void refused(String why) throws IOException, InterruptedException {
    NodeLink.Stream from = stream;
    String node = from == null ? "" : from.node();
    long heldBack = REFUSALS.admit();
    if (heldBack >= 0) {
      LOG.atWarn()
          .addKeyValue("session", client.sessionId())
          .addKeyValue("node", node)
          .addKeyValue("cause", why)
          .addKeyValue("heldBack", heldBack)
          .log("a node did not take a session");
    }
    stream = null;
    Set<String> more = new HashSet<>(refusing);
    more.add(node);
    refusing = more;
    seek();
  }

  // ---- moving

  /** No node has the session any more. It goes to another at once, or when its turn comes. */
  private void depart(String why) throws IOException, InterruptedException {
    NodeLink.Stream before = stream;
    Departure now = new Departure(before == null ? "" : before.node(), why, System.nanoTime());
    stream = null;
    goingHome = false;
    departure = now;
    if (!mayWait()) {
      goOn(now);
      return;
    }
    inbox = null;
    input.hold();
    place = resettling.join(this::called);
    resettling.callNext();
  }

  /** Whether nobody would notice that no node has the session. */
  private boolean mayWait() {
    return position != null && !input.isEnded() && isBetweenCommands();
  }

  private boolean isDue() {
    Resettling.Place mine = place;
    return mine == null || mine.isCalled() || !mayWait();
  }

  /** It is this session's turn; nobody waits here. */
  private void called() {
    if (client.take()) {
      client.giveBack(true);
    }
  }

  private void standsNoMore() {
    Resettling.Place mine = place;
    if (mine != null) {
      place = null;
      mine.done();
    }
  }

  private void goOn(Departure from) throws IOException, InterruptedException {
    departure = null;
    Resettling.Place mine = place;
    if (mine != null && !mine.isCalled()) {
      standsNoMore();
    }
    attach();
    NodeLink.Stream now = stream;
    if (now != null) {
      long took = System.nanoTime() - from.began;
      metrics.moves(from.why).record(took, TimeUnit.NANOSECONDS);
      LOG.atInfo()
          .addKeyValue("session", client.sessionId())
          .addKeyValue("from", from.from)
          .addKeyValue("to", now.node())
          .addKeyValue("cause", from.why)
          .addKeyValue("ms", TimeUnit.NANOSECONDS.toMillis(took))
          .log("session moved");
    }
  }

  /** Gives the session to a node, as soon as there is one. */
  private void attach() throws IOException, InterruptedException {
    patienceEnds = System.nanoTime() + settings.patience().toNanos();
    refusing = Set.of();
    seek();
  }

  private void seek() throws IOException, InterruptedException {
    while (true) {
      Optional<Nodes.Choice> node = nodes.choose(service.protocol(), preference, refusing);
      if (node.isPresent()) {
        give(node.get());
        forward();
        return;
      }
      // Whoever is behind in the line finds none either, and has as much patience.
      standsNoMore();
      // One that refused may be asked again once all have.
      refusing = Set.of();
      long left = patienceEnds - System.nanoTime();
      if (left <= 0) {
        homeless();
        return;
      }
      nodes.awaitChange(Duration.ofNanos(Math.min(left, LOOK)));
      if (client.isStopping()) {
        goodbye();
        return;
      }
    }
  }

  private void give(Nodes.Choice choice) {
    NodeLink node = choice.link();
    if (choice.astray()) {
      astray(node);
    }
    client.state(
        "on " + node.node() + (choice.astray() ? ", no " + preference.wanted() + " is up" : ""));
    open(node);
  }

  private void astray(NodeLink node) {
    metrics.astray.increment();
    long heldBack = ASTRAY.admit();
    if (heldBack >= 0) {
      LOG.atWarn()
          .addKeyValue("session", client.sessionId())
          .addKeyValue("wanted", preference.wanted())
          .addKeyValue("node", node.node())
          .addKeyValue("heldBack", heldBack)
          .log("no node is up where a session belongs: another one serves it");
    }
  }

  private void open(NodeLink node) {
    Inbox mine = new Inbox(this::told);
    inbox = mine;
    input.restart();
    passedOn = 0;
    answer.repeat();
    LOG.atDebug()
        .addKeyValue("session", client.sessionId())
        .addKeyValue("node", node.node())
        .log("given to a node");
    stream =
        node.open(
            new CarriedSession(
                client.sessionId(),
                client.listener().name(),
                service.protocol(),
                client.listener().tls(),
                client.remote(),
                client.local(),
                since,
                client.tls(),
                client.isCompressed(),
                input.settled(),
                input.seen(),
                answer.pin(),
                Optional.ofNullable(position)),
            mine);
  }

  private void homeless() throws IOException {
    metrics.homeless.increment();
    LOG.atWarn().addKeyValue("session", client.sessionId()).log("no node takes the session");
    if (mayRefuse()) {
      client.out().write(service.refusal("The service is not available now, try again later"));
    }
    over = true;
  }

  @Override
  public void close() throws IOException {
    standsNoMore();
    NodeLink.Stream left = stream;
    if (left != null) {
      left.drop(CloseReason.PEER_CLOSED);
    }
    input.close();
  }
}
