package hikyaku.server.testing;

import hikyaku.server.link.LinkKeys;
import hikyaku.server.link.LinkServer;
import hikyaku.server.link.LinkSettings;
import hikyaku.server.link.proto.Report;
import hikyaku.server.net.NetLimits;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.SessionIds;
import hikyaku.server.net.Traces;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What tests of links between processes begin with. */
public final class LinkRig {
  private LinkRig() {}

  /** A server without listeners, started. */
  public static NetServer server() throws IOException {
    NetServer server =
        new NetServer(
            List.of(),
            NetLimits.DEFAULT,
            new Traces(),
            new SessionIds(InstantSource.system()),
            new SimpleMeterRegistry(),
            InstantSource.system());
    server.start();
    return server;
  }

  /** The link port of a node without services, on loopback; not started. */
  public static LinkServer links(
      String node, LinkKeys keys, LinkSettings settings, NetServer server) throws IOException {
    return new LinkServer(
        node,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        keys,
        settings,
        server,
        Map.of(),
        () -> Report.newBuilder().setNode(node).build(),
        InstantSource.system(),
        new SecureRandom());
  }

  /** The keys of a cluster; others for another number. */
  public static LinkKeys keys(int cluster) {
    return LinkKeys.ofNode(purpose -> {
      byte[] key = new byte[32];
      Arrays.fill(key, (byte) (cluster * 31 + purpose.length()));
      return key;
    });
  }
}
