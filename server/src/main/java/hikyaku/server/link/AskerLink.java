package hikyaku.server.link;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;

/** A link to a node for questions alone: kept as long as there is something to ask. */
public final class AskerLink implements AutoCloseable {
  private final String node;
  private final Questions questions = new Questions();
  private final Link link;

  private AskerLink(Dialled end, LinkSettings settings) throws IOException {
    this.node = end.node();
    this.link = new Link(end.channel(), node, settings, settings.patience(), new Incoming());
  }

  /**
   * Connects, and returns when both ends have proven themselves.
   *
   * @param address where the node takes links, as HOST:PORT
   * @param name of who asks
   * @param patience how long each step may take
   * @throws IOException saying why there is no link
   */
  public static AskerLink connect(
      String address,
      String name,
      LinkKeys keys,
      LinkSettings settings,
      Duration patience,
      SecureRandom random)
      throws IOException {
    Dialled end =
        Dialled.to(
            resolve(address), Greeting.Purpose.QUESTIONS, name, keys, settings, patience, random);
    try {
      AskerLink made = new AskerLink(end, settings);
      made.link.start();
      return made;
    } catch (IOException | RuntimeException e) {
      end.channel().close();
      throw e;
    }
  }

  /**
   * An address of a link.
   *
   * @param address as HOST:PORT, an IPv6 address in brackets
   */
  private static InetSocketAddress resolve(String address) throws LinkException {
    int colon = address.lastIndexOf(':');
    try {
      String host = address.substring(0, colon).replaceAll("^\\[|]$", "");
      return new InetSocketAddress(host, Integer.parseInt(address.substring(colon + 1)));
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new LinkException("no HOST:PORT: " + address);
    }
  }

  /** For tests: a frame that this end would not send. */
  void send(byte type, int stream, byte[] payload) {
    link.send(type, stream, payload);
  }

  /** The node's name, as it proved it. */
  public String node() {
    return node;
  }

  /**
   * Asks, and waits for the whole answer. Safe for use by many threads.
   *
   * @param patience how long each part of it may take
   * @throws LinkException saying why there is none
   */
  public Answer ask(Question question, Duration patience)
      throws LinkException, InterruptedException {
    return questions.ask(link, question, patience);
  }

  @Override
  public void close() {
    link.close();
  }

  private final class Incoming implements Link.Receiver {
    @Override
    public void frame(byte type, int stream, byte[] octets, int offset, int length)
        throws LinkException {
      if (!questions.takes(type, stream, octets, offset, length)) {
        throw new LinkException("a frame of type " + type + " among answers");
      }
    }

    @Override
    public void beat(Link mine) {}

    @Override
    public void lost(String why) {
      questions.lost(why);
    }
  }
}
