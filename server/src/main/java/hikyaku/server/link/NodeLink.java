package hikyaku.server.link;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.server.link.proto.Report;
import hikyaku.server.net.CarriedSession;
import hikyaku.server.net.CloseReason;
import hikyaku.server.net.Home;
import hikyaku.server.net.TlsInfo;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A front's end of a link to one node. */
public final class NodeLink implements AutoCloseable {
  private final String node;
  private final Tickets tickets;
  private final SecureRandom random;
  private final Watcher watcher;
  private final AtomicInteger streams = new AtomicInteger();
  private final Map<Integer, Carried> sessions = new ConcurrentHashMap<>();

  /** Of the sessions the ones that are no client's. */
  private final Set<Integer> probes = ConcurrentHashMap.newKeySet();

  private final AtomicLong questions = new AtomicLong();
  private final Map<Long, CountDownLatch> unanswered = new ConcurrentHashMap<>();
  private final Link link;
  private volatile @Nullable Report report;

  /** A session on this link. */
  private record Carried(String service, Consumer<Told> told) {}

  /** Is told of the link as a whole, on its reader's thread; must not block. */
  public interface Watcher {
    /** The node said how it is. */
    void reported(NodeLink link, Report report);

    /** The link is gone; its sessions have been told. */
    void lost(NodeLink link, String why);

    /** Answers what the node asks of this front. */
    default Answerer answerer() {
      return Answerer.NOBODY;
    }

    /** A number of this run of the front, by which it is known on all its links. */
    default long run() {
      return 0;
    }
  }

  private NodeLink(
      String node,
      LinkChannel channel,
      LinkSettings settings,
      Tickets tickets,
      SecureRandom random,
      Watcher watcher) {
    this.node = node;
    this.tickets = tickets;
    this.random = random;
    this.watcher = watcher;
    this.link = new Link(channel, node, settings, settings.silence(), new Incoming());
  }

  /**
   * Connects, and returns when both ends have proven themselves.
   *
   * @param front this front's name
   * @throws IOException saying why there is no link
   */
  public static NodeLink connect(
      InetSocketAddress address,
      String front,
      LinkKeys keys,
      LinkSettings settings,
      InstantSource clock,
      SecureRandom random,
      Watcher watcher)
      throws IOException {
    Dialled end =
        Dialled.to(
            address, Greeting.Purpose.SESSIONS, front, keys, settings, settings.greeting(), random);
    try {
      Tickets tickets = new Tickets(keys, settings.ticket(), clock);
      NodeLink made = new NodeLink(end.node(), end.channel(), settings, tickets, random, watcher);
      made.link.start();
      made.link.send(Frame.ABLE, 0, Link.ofLong(watcher.run()));
      return made;
    } catch (IOException | RuntimeException e) {
      end.channel().close();
      throw e;
    }
  }

  /** The node's name, as it proved it. */
  public String node() {
    return node;
  }

  /** Whether a session can be handed over without a wait, if it is new. */
  public boolean hasRoom() {
    return link.hasRoom();
  }

  /** What the node last said of itself. */
  public Optional<Report> report() {
    return Optional.ofNullable(report);
  }

  public boolean isOpen() {
    return link.isOpen();
  }

  /** Clients' sessions that this link carries. */
  public int sessions() {
    return Math.max(0, sessions.size() - probes.size());
  }

  /**
   * Asks the node's end of the link for a sign, behind all that is under way.
   *
   * @return how long it took; nothing if none came in time
   */
  public Optional<Duration> echo(Duration atMost) throws InterruptedException {
    long question = questions.incrementAndGet();
    CountDownLatch answered = new CountDownLatch(1);
    unanswered.put(question, answered);
    long began = System.nanoTime();
    try {
      link.send(Frame.ECHO, 0, Link.ofLong(question));
      return answered.await(atMost.toNanos(), TimeUnit.NANOSECONDS)
          ? Optional.of(Duration.ofNanos(System.nanoTime() - began))
          : Optional.empty();
    } finally {
      unanswered.remove(question);
    }
  }

  /**
   * Hands a session to the node. Waits for the link to have room, unless the session is new.
   *
   * @param told is told what the node says of it, in order, by a lookout or one that finds the link
   *     lost: it must not wait
   */
  public Stream open(CarriedSession session, Consumer<Told> told) {
    int stream = streams.incrementAndGet();
    if (Probes.isProbe(session.service())) {
      probes.add(stream);
    }
    sessions.put(stream, new Carried(session.service(), told));
    byte[] ticket = tickets.sign(node, Opens.encode(session), random);
    if (session.position().isEmpty()) {
      link.sendAtOnce(Frame.OPEN, stream, ticket);
    } else {
      link.send(Frame.OPEN, stream, ticket);
    }
    if (!link.isOpen()) {
      // It may have been lost before or after the session was noted: the news is given once.
      tell(stream, new Told.Lost("the link is gone"), true);
    }
    return new Stream(stream);
  }

  private @Nullable Carried forget(int stream) {
    Carried session = sessions.remove(stream);
    probes.remove(stream);
    return session;
  }

  private void tell(int stream, Told news, boolean last) {
    Carried session = last ? forget(stream) : sessions.get(stream);
    if (session != null) {
      session.told.accept(news);
    }
  }

  /**
   * Takes clients' sessions away from the node, without asking it: for them the link is lost. May
   * wait for the link to have room.
   *
   * @param services those whose sessions are meant
   * @return how many there were
   */
  public int takeBack(Set<String> services, String why) {
    List<Integer> taken =
        sessions.entrySet().stream()
            .filter(each ->
                services.contains(each.getValue().service) && !probes.contains(each.getKey()))
            .map(Map.Entry::getKey)
            .toList();
    taken.forEach(stream -> tell(stream, new Told.Lost(why), true));
    taken.forEach(stream -> drop(stream, CloseReason.MOVED));
    return taken.size();
  }

  private void drop(int stream, CloseReason reason) {
    link.send(Frame.DROP, stream, reason.name().getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public void close() {
    link.close();
  }

  /** One session on the link: what the front says of it. */
  public final class Stream {
    private final int number;

    private Stream(int number) {
      this.number = number;
    }

    /** The node that has it. */
    public String node() {
      return node;
    }

    /** Whether input can be sent now without a wait. */
    public boolean hasRoom() {
      return link.hasRoom();
    }

    public void input(byte[] octets, int offset, int length) {
      link.send(Frame.INPUT, number, NOTHING, 0, octets, offset, length);
    }

    public void inputEnded() {
      link.send(Frame.INPUT_END, number);
    }

    public void tlsStarted(TlsInfo tls, long inputOffset) {
      byte[] info = Opens.tls(tls).toByteArray();
      link.send(Frame.TLS_STARTED, number, Link.ofLong(inputOffset), 8, info, 0, info.length);
    }

    public void compressionStarted(long inputOffset) {
      link.send(Frame.COMPRESSION_STARTED, number, Link.ofLong(inputOffset));
    }

    /** So many octets have gone to the client. */
    public void granted(int octets) {
      byte[] count = new byte[4];
      Link.putInt(count, 0, octets);
      link.sendAtOnce(Frame.GRANT, number, count);
    }

    /** Asks for the session back; {@link Told.Left} answers. */
    public void letGo() {
      link.send(Frame.LET_GO, number);
    }

    /** Ends it: nothing more is told. */
    public void drop(CloseReason reason) {
      if (forget(number) != null) {
        NodeLink.this.drop(number, reason);
      }
    }
  }

  private static final byte[] NOTHING = {};

  private final class Incoming implements Link.Receiver {
    private final Answering answering = new Answering(watcher.answerer());

    @Override
    public void frame(byte type, int stream, byte[] octets, int offset, int length)
        throws LinkException {
      switch (type) {
        case Frame.OUTPUT -> {
          FrontLink.atLeast(8, length);
          byte[] part = Arrays.copyOfRange(octets, offset + 8, offset + length);
          tell(stream, new Told.Output(part, Link.getLong(octets, offset)), false);
        }
        case Frame.ASIDE ->
            tell(
                stream, new Told.Aside(Arrays.copyOfRange(octets, offset, offset + length)), false);
        case Frame.SETTLED -> settled(stream, octets, offset, length);
        case Frame.START_TLS, Frame.START_COMPRESSION -> {
          FrontLink.atLeast(8, length);
          long at = Link.getLong(octets, offset);
          byte[] part = Arrays.copyOfRange(octets, offset + 8, offset + length);
          tell(
              stream,
              type == Frame.START_TLS
                  ? new Told.StartTls(at, part)
                  : new Told.StartCompression(at, part),
              false);
        }
        case Frame.ACCOUNT -> tell(stream, account(text(octets, offset, length)), false);
        case Frame.GRANT -> {
          FrontLink.atLeast(4, length);
          tell(stream, new Told.Granted(Link.getInt(octets, offset)), false);
        }
        case Frame.LEFT -> tell(stream, new Told.Left(), true);
        case Frame.CLOSED ->
            tell(stream, new Told.Closed(FrontLink.reason(octets, offset, length)), true);
        case Frame.REFUSED -> tell(stream, new Told.Refused(text(octets, offset, length)), true);
        case Frame.ECHO -> {
          FrontLink.atLeast(8, length);
          CountDownLatch question = unanswered.get(Link.getLong(octets, offset));
          if (question != null) {
            question.countDown();
          }
        }
        case Frame.REPORT -> {
          try {
            Report now = Report.parser().parseFrom(octets, offset, length);
            report = now;
            watcher.reported(NodeLink.this, now);
          } catch (InvalidProtocolBufferException e) {
            throw new LinkException("a report that cannot be read");
          }
        }
        case Frame.ASK -> answering.asked(link, stream, octets, offset, length);
        case Frame.MORE -> answering.more(stream);
        default -> throw new LinkException("a frame of type " + type);
      }
    }

    private void settled(int stream, byte[] octets, int offset, int length) throws LinkException {
      FrontLink.atLeast(12, length);
      int position = Link.getInt(octets, offset + 8);
      if (position < 0 || position > length - 12) {
        throw new LinkException("a position of " + position + " octets in a frame of " + length);
      }
      int from = offset + 12;
      tell(
          stream,
          new Told.Settled(
              Link.getLong(octets, offset),
              Arrays.copyOfRange(octets, from, from + position),
              Arrays.copyOfRange(octets, from + position, offset + length)),
          false);
    }

    private static Told.Account account(String text) throws LinkException {
      String[] parts = text.split("\n", -1);
      if (parts.length != 3) {
        throw new LinkException("an account in " + parts.length + " parts");
      }
      return new Told.Account(parts[0], new Home(parts[1], parts[2]));
    }

    private static String text(byte[] octets, int offset, int length) {
      return new String(octets, offset, length, StandardCharsets.UTF_8);
    }

    @Override
    public void beat(Link mine) {}

    @Override
    public void lost(String why) {
      answering.lost();
      for (Integer stream : sessions.keySet()) {
        tell(stream, new Told.Lost(why), true);
      }
      watcher.lost(NodeLink.this, why);
    }
  }
}
