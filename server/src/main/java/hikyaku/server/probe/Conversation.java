package hikyaku.server.probe;

import hikyaku.server.link.NodeLink;
import hikyaku.server.link.Probes;
import hikyaku.server.link.Told;
import hikyaku.server.net.CarriedSession;
import hikyaku.server.net.CloseReason;
import hikyaku.server.net.TlsMode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A session of a probe on a node, as its client sees it: lines out, lines in, until the time for
 * the step at hand is up. Used by one thread.
 */
final class Conversation implements AutoCloseable {
  /** An answer that is longer is none of those that a probe asks for. */
  private static final int LONGEST = 64 * 1024;

  private final BlockingQueue<Told> news = new LinkedBlockingQueue<>();
  private final NodeLink.Stream stream;
  private byte[] input = {};
  private int at;
  private long deadline;
  private boolean ended;

  /**
   * Opens a session.
   *
   * @param id of the session
   * @param service the name of the protocol that is spoken
   * @param first how long the first step may take
   */
  Conversation(NodeLink node, String id, String service, Duration first) {
    allow(first);
    InetSocketAddress here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    stream =
        node.open(
            new CarriedSession(
                id,
                "probe",
                Probes.SERVICE + service,
                TlsMode.NONE,
                here,
                here,
                Instant.now(),
                Optional.empty(),
                false,
                0,
                0,
                OptionalLong.empty(),
                Optional.empty()),
            news::add);
  }

  /** From now on the step at hand may take so long. */
  void allow(Duration time) {
    deadline = System.nanoTime() + time.toNanos();
  }

  void write(String octets) {
    byte[] sent = octets.getBytes(StandardCharsets.ISO_8859_1);
    stream.input(sent, 0, sent.length);
  }

  /** Writes a line, and reads one that must begin as is said. */
  String ask(String line, String prefix) throws ProbeException, InterruptedException {
    write(line + "\r\n");
    return expect(prefix);
  }

  /** Reads a line that must begin as is said. */
  String expect(String prefix) throws ProbeException, InterruptedException {
    String line = readLine();
    if (!line.startsWith(prefix)) {
      throw unexpected(line);
    }
    return line;
  }

  /** What servers say is for the log, but not all of it. */
  static ProbeException.Failed unexpected(String line) {
    String plain = line.replaceAll("[^ -~]", "?");
    return new ProbeException.Failed(
        "answered \"" + (plain.length() <= 80 ? plain : plain.substring(0, 80) + "…") + "\"");
  }

  /** Reads a line, without its end. */
  String readLine() throws ProbeException, InterruptedException {
    int from = at;
    while (true) {
      for (int i = from; i < input.length; i++) {
        if (input[i] == '\n') {
          String line = new String(input, at, i - at, StandardCharsets.ISO_8859_1);
          at = i + 1;
          return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
        }
      }
      int seen = input.length - at;
      receive();
      from = at + seen;
    }
  }

  /** Reads so many octets. */
  String read(int octets) throws ProbeException, InterruptedException {
    if (octets > LONGEST) {
      throw new ProbeException.Failed("an answer of " + octets + " octets");
    }
    while (input.length - at < octets) {
      receive();
    }
    String read = new String(input, at, octets, StandardCharsets.ISO_8859_1);
    at += octets;
    return read;
  }

  private void receive() throws ProbeException, InterruptedException {
    if (ended) {
      throw new ProbeException.Failed("the session ended");
    }
    Told told = news.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    switch (told) {
      case null -> throw new ProbeException.Failed("no answer in time");
      case Told.Output(byte[] octets, long _) -> add(octets);
      case Told.Aside(byte[] octets) -> add(octets);
      case Told.Settled(long _, byte[] _, byte[] octets) -> add(octets);
      case Told.Account _, Told.Granted _ -> {}
      case Told.StartTls _, Told.StartCompression _ ->
          throw new ProbeException.Failed("something was started that was not asked for");
      case Told.Left _ -> throw new ProbeException.Inconclusive("the node lets its sessions go");
      case Told.Lost(String why) -> throw new ProbeException.Inconclusive(why);
      case Told.Refused(String why) -> throw new ProbeException.Failed("refused: " + why);
      case Told.Closed(CloseReason reason) -> {
        ended = true;
        if (reason == CloseReason.STOPPING || reason == CloseReason.MOVED) {
          throw new ProbeException.Inconclusive("the node is stopping");
        }
      }
    }
  }

  private void add(byte[] octets) throws ProbeException {
    if (octets.length == 0) {
      return;
    }
    int rest = input.length - at;
    if (rest + octets.length > LONGEST) {
      throw new ProbeException.Failed("an answer without end");
    }
    byte[] both = Arrays.copyOfRange(input, at, input.length + octets.length);
    System.arraycopy(octets, 0, both, rest, octets.length);
    input = both;
    at = 0;
    stream.granted(octets.length);
  }

  @Override
  public void close() {
    stream.drop(CloseReason.PEER_CLOSED);
  }
}
