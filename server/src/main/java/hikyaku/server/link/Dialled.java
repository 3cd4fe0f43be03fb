package hikyaku.server.link;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.time.Duration;

/**
 * A connection to a node, both ends of which have proven themselves.
 *
 * @param node the name that the node proved
 */
record Dialled(String node, LinkChannel channel) {
  /**
   * @param name of this end
   * @param patience how long connecting may take, and each answer until both ends are proven
   * @throws IOException saying why there is no link
   */
  static Dialled to(
      InetSocketAddress address,
      Greeting.Purpose purpose,
      String name,
      LinkKeys keys,
      LinkSettings settings,
      Duration patience,
      SecureRandom random)
      throws IOException {
    if (address.isUnresolved()) {
      throw new LinkException("the name " + address.getHostString() + " leads to no address");
    }
    LinkChannel channel = new LinkChannel(SocketChannel.open());
    try {
      Socket socket = channel.channel().socket();
      int millis = (int) patience.toMillis();
      socket.connect(address, millis);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(millis);
      byte[] binding = settings.tls() ? channel.startTls(LinkTls.ofFront()) : new byte[0];
      String node =
          new Greeting(channel.in(), channel.out(), keys, binding, random).greet(purpose, name);
      return new Dialled(node, channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }
}
