package hikyaku.server.net;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import jdk.net.ExtendedSocketOptions;

/** What each accepted socket is set to. */
final class SocketSettings {
  /** Seconds of silence until the first probe: below what NATs forget a connection after. */
  private static final int KEEPALIVE_IDLE = 300;

  /** Seconds between probes that are not answered. */
  private static final int KEEPALIVE_INTERVAL = 60;

  /** Probes without an answer until the connection counts as dead. */
  private static final int KEEPALIVE_PROBES = 5;

  private SocketSettings() {}

  static void apply(SocketChannel channel) throws IOException {
    // Replies are gathered here, so each write is worth a segment of its own.
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    set(channel, ExtendedSocketOptions.TCP_KEEPIDLE, KEEPALIVE_IDLE);
    set(channel, ExtendedSocketOptions.TCP_KEEPINTERVAL, KEEPALIVE_INTERVAL);
    set(channel, ExtendedSocketOptions.TCP_KEEPCOUNT, KEEPALIVE_PROBES);
  }

  /** Where the platform has no such option, its own default does. */
  private static void set(SocketChannel channel, SocketOption<Integer> option, int value)
      throws IOException {
    if (channel.supportedOptions().contains(option)) {
      channel.setOption(option, value);
    }
  }
}
