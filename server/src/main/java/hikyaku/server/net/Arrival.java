package hikyaku.server.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;

/**
 * A connection that was accepted and not yet let in.
 *
 * @param remote the client: the peer, or whom a proxy speaks for
 * @param local what the client connected to
 */
record Arrival(
    String sessionId,
    ListenerSpec listener,
    SocketLayer ground,
    InetSocketAddress remote,
    InetSocketAddress local) {
  /**
   * The peer as the client.
   *
   * @throws IOException if it is gone already; the channel remains the caller's to close then
   */
  static Arrival of(
      NetShared shared, ListenerSpec listener, SocketChannel channel, NetMetrics.OfProtocol metrics)
      throws IOException {
    return new Arrival(
        shared.ids().get(),
        listener,
        new SocketLayer(channel, metrics),
        (InetSocketAddress) channel.getRemoteAddress(),
        (InetSocketAddress) channel.getLocalAddress());
  }

  /** As limits see it. */
  Flow.Newcomer newcomer() {
    return new Flow.Newcomer(
        sessionId, listener.protocol().name(), listener.name(), remote.getAddress(), false);
  }

  Arrival onBehalfOf(InetSocketAddress client, InetSocketAddress wanted) {
    return new Arrival(sessionId, listener, ground, client, wanted);
  }
}
