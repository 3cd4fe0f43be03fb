package hikyaku.server.link;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.server.link.proto.Tls;
import hikyaku.server.net.CarriedSession;
import hikyaku.server.net.Carrier;
import hikyaku.server.net.CloseReason;
import hikyaku.server.net.Home;
import hikyaku.server.net.Muffler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node's end of one link: the sessions of one front. */
final class FrontLink implements Link.Receiver {
  private static final Logger LOG = LoggerFactory.getLogger(FrontLink.class);
  private static final long REPORT_EVERY = 1_000_000_000L;

  /** Fronts ask again: there is one cause for all sessions. */
  private static final Muffler REFUSALS = new Muffler(Duration.ofSeconds(1));

  private final LinkServer home;
  private final String front;
  private final Map<Integer, CarriedSession.Reins> sessions = new ConcurrentHashMap<>();

  /** Of these the ones that are no client's. */
  private final Set<Integer> probes = ConcurrentHashMap.newKeySet();

  private final Questions questions = new Questions();
  private volatile @Nullable Link link;
  private long reported;

  FrontLink(LinkServer home, String front) {
    this.home = home;
    this.front = front;
  }

  void link(Link mine) {
    link = mine;
    reported = System.nanoTime() - REPORT_EVERY;
  }

  /** Clients' sessions. */
  int sessions() {
    return Math.max(0, sessions.size() - probes.size());
  }

  LinkedFront about() {
    return new LinkedFront(front, questions.run(), sessions());
  }

  /** Asks the front itself. */
  Answer ask(Question question, Duration patience) throws LinkException, InterruptedException {
    Link mine = link;
    if (mine == null) {
      throw new LinkException("the link is not there yet");
    }
    return questions.ask(mine, question, patience);
  }

  /** Clients' sessions, which may be let go. */
  List<CarriedSession.Reins> carried() {
    return sessions.entrySet().stream()
        .filter(each -> !probes.contains(each.getKey()))
        .map(Map.Entry::getValue)
        .toList();
  }

  void end(CloseReason reason) {
    Link mine = link;
    if (mine != null) {
      mine.close();
    }
    sessions.values().forEach(session -> session.drop(reason));
  }

  @Override
  public void beat(Link mine) {
    if (System.nanoTime() - reported >= REPORT_EVERY) {
      announce();
    }
  }

  void announce() {
    Link mine = link;
    if (mine != null) {
      reported = System.nanoTime();
      mine.sendAtOnce(Frame.REPORT, 0, home.report().toByteArray());
    }
  }

  @Override
  public void frame(byte type, int stream, byte[] octets, int offset, int length)
      throws LinkException {
    if (type == Frame.OPEN) {
      open(stream, Arrays.copyOfRange(octets, offset, offset + length));
      return;
    }
    if (type == Frame.ECHO) {
      if (length > Frame.MAX_ECHO) {
        throw new LinkException("an echo of " + length + " octets");
      }
      echo(Arrays.copyOfRange(octets, offset, offset + length));
      return;
    }
    if (questions.takes(type, stream, octets, offset, length)) {
      return;
    }
    CarriedSession.Reins session = sessions.get(stream);
    if (session == null) {
      // It ended here while the front was still speaking of it.
      return;
    }
    switch (type) {
      case Frame.INPUT -> session.input(Arrays.copyOfRange(octets, offset, offset + length));
      case Frame.INPUT_END -> session.inputEnded();
      case Frame.GRANT -> {
        atLeast(4, length);
        session.granted(Link.getInt(octets, offset));
      }
      case Frame.TLS_STARTED -> {
        atLeast(8, length);
        byte[] tls = Arrays.copyOfRange(octets, offset + 8, offset + length);
        try {
          session.tlsStarted(Opens.tls(Tls.parseFrom(tls)), Link.getLong(octets, offset));
        } catch (InvalidProtocolBufferException e) {
          throw new LinkException("TLS that cannot be read");
        }
      }
      case Frame.COMPRESSION_STARTED -> {
        atLeast(8, length);
        session.compressionStarted(Link.getLong(octets, offset));
      }
      case Frame.LET_GO -> session.letGo();
      case Frame.DROP -> {
        forget(stream);
        session.drop(reason(octets, offset, length));
      }
      default -> throw new LinkException("a frame of type " + type);
    }
  }

  private void echo(byte[] octets) {
    Link mine = link;
    if (mine != null) {
      mine.sendAtOnce(Frame.ECHO, 0, octets);
    }
  }

  private CarriedSession.@Nullable Reins forget(int stream) {
    CarriedSession.Reins session = sessions.remove(stream);
    probes.remove(stream);
    return session;
  }

  static void atLeast(int needed, int length) throws LinkException {
    if (length < needed) {
      throw new LinkException("a frame of " + length + " octets that needs " + needed);
    }
  }

  static CloseReason reason(byte[] octets, int offset, int length) throws LinkException {
    String name = new String(octets, offset, length, StandardCharsets.US_ASCII);
    try {
      return CloseReason.valueOf(name);
    } catch (IllegalArgumentException e) {
      throw new LinkException("an unknown reason to close");
    }
  }

  private void open(int stream, byte[] ticket) {
    Link mine = link;
    if (mine == null) {
      return;
    }
    try {
      CarriedSession session = Opens.decode(home.tickets().judge(home.name(), ticket));
      LinkServer.Offer offer = home.offer(session.service());
      if (Probes.isProbe(session.service())) {
        probes.add(stream);
      }
      Back back = new Back(mine, stream, session);
      CarriedSession.Reins before =
          sessions.put(stream, offer.server().carry(unsealed(session), offer.service(), back));
      if (before != null) {
        before.drop(CloseReason.BUG);
        throw new LinkException("stream " + stream + " is in use");
      }
      if (back.over) {
        forget(stream);
      }
      if (!mine.isOpen()) {
        // Lost meanwhile, perhaps before the session was noted here: nobody else tells it.
        drop(stream, CloseReason.MOVED);
      }
    } catch (IOException | RuntimeException e) {
      probes.remove(stream);
      long heldBack = REFUSALS.admit();
      if (heldBack >= 0) {
        LOG.atWarn()
            .addKeyValue("front", front)
            .addKeyValue("heldBack", heldBack)
            .setCause(e)
            .log("a session was not taken");
      }
      mine.sendAtOnce(
          Frame.REFUSED, stream, String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8));
    }
  }

  private void drop(int stream, CloseReason reason) {
    CarriedSession.Reins session = forget(stream);
    if (session != null) {
      session.drop(reason);
    }
  }

  /** An empty position is that of a session that nobody has said anything in since TLS began. */
  private CarriedSession unsealed(CarriedSession session) throws LinkException {
    byte[] sealed = session.position().orElse(null);
    if (sealed == null || sealed.length == 0) {
      return session;
    }
    byte[] plain =
        home.keys()
            .unseal(session.sessionId(), session.service(), sealed)
            .orElseThrow(() -> new LinkException("a position that no node of this cluster sealed"));
    return new CarriedSession(
        session.sessionId(),
        session.listener(),
        session.service(),
        session.mode(),
        session.remote(),
        session.local(),
        session.since(),
        session.tls(),
        session.compressed(),
        session.inputOffset(),
        session.doubtfulTo(),
        session.pin(),
        Optional.of(plain));
  }

  @Override
  public void lost(String why) {
    home.gone(this);
    questions.lost(why);
    LOG.atInfo()
        .addKeyValue("front", front)
        .addKeyValue("sessions", sessions.size())
        .addKeyValue("cause", why)
        .log("a front's link is gone");
    sessions.keySet().forEach(stream -> drop(stream, CloseReason.MOVED));
  }

  /** What one session says to the front. */
  private final class Back implements Carrier {
    private static final byte[] NOTHING = {};

    private final Link mine;
    private final int stream;
    private final String session;
    private final String service;
    private volatile boolean over;

    Back(Link mine, int stream, CarriedSession session) {
      this.mine = mine;
      this.stream = stream;
      this.session = session.sessionId();
      this.service = session.service();
    }

    @Override
    public void output(byte[] octets, int offset, int length, long pin, boolean more) {
      byte[] head = Link.ofLong(pin);
      if (more) {
        mine.sendWithNext(Frame.OUTPUT, stream, head, head.length, octets, offset, length);
      } else {
        mine.send(Frame.OUTPUT, stream, head, head.length, octets, offset, length);
      }
    }

    @Override
    public void aside(byte[] line) {
      mine.send(Frame.ASIDE, stream, line);
    }

    @Override
    public void settled(long inputOffset, byte[] position, byte[] octets, int length) {
      byte[] sealed = home.keys().seal(session, service, position);
      byte[] head = new byte[12 + sealed.length];
      System.arraycopy(Link.ofLong(inputOffset), 0, head, 0, 8);
      Link.putInt(head, 8, sealed.length);
      System.arraycopy(sealed, 0, head, 12, sealed.length);
      mine.send(Frame.SETTLED, stream, head, head.length, octets, 0, length);
    }

    @Override
    public void startTls(long inputOffset, byte[] octets, int length) {
      mine.send(Frame.START_TLS, stream, Link.ofLong(inputOffset), 8, octets, 0, length);
    }

    @Override
    public void startCompression(long inputOffset, byte[] octets, int length) {
      mine.send(Frame.START_COMPRESSION, stream, Link.ofLong(inputOffset), 8, octets, 0, length);
    }

    @Override
    public void account(String account, Home best) {
      // Who logs in is answered at once.
      byte[] told =
          (account + "\n" + best.node() + "\n" + best.pool()).getBytes(StandardCharsets.UTF_8);
      mine.sendWithNext(Frame.ACCOUNT, stream, told, told.length, NOTHING, 0, 0);
    }

    @Override
    public void granted(int octets) {
      byte[] count = new byte[4];
      Link.putInt(count, 0, octets);
      mine.send(Frame.GRANT, stream, count);
    }

    @Override
    public void letGo() {
      end(Frame.LEFT, NOTHING);
    }

    @Override
    public void closed(CloseReason reason) {
      end(Frame.CLOSED, reason.name().getBytes(StandardCharsets.US_ASCII));
    }

    private void end(byte type, byte[] payload) {
      over = true;
      forget(stream);
      // A watch over many sessions may be the one that ends this one: it must not wait.
      mine.sendAtOnce(type, stream, payload);
    }
  }
}
