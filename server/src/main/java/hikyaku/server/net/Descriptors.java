package hikyaku.server.net;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps connections from using up the file descriptors of the process. Whoever reaches that limit
 * fails in places that no protocol reply covers: a class that is needed for the first time cannot
 * be loaded, a mailbox cannot be opened.
 */
final class Descriptors {
  private static final Logger LOG = LoggerFactory.getLogger(Descriptors.class);

  /** Of all descriptors a quarter is for others: the store, logs, the runtime, refusals. */
  private static final int SHARE_FOR_OTHERS = 4;

  /** The runtime alone has some forty open. */
  private static final int FEWEST_FOR_OTHERS = 128;

  /** More than this the others do not need. */
  private static final int MOST_FOR_OTHERS = 2048;

  private Descriptors() {}

  /** How many connections may be open at once, given the setting and what the system allows. */
  static int connections(NetLimits limits) {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
      int allowed = connections(limits.connections(), system.getMaxFileDescriptorCount());
      if (allowed < limits.connections()) {
        LOG.atWarn()
            .addKeyValue("wanted", limits.connections())
            .addKeyValue("descriptors", system.getMaxFileDescriptorCount())
            .addKeyValue("connections", allowed)
            .log("fewer connections than set: the limit of open files is too low");
      }
      return allowed;
    }
    return limits.connections();
  }

  static int connections(int wanted, long descriptors) {
    long others = Math.clamp(descriptors / SHARE_FOR_OTHERS, FEWEST_FOR_OTHERS, MOST_FOR_OTHERS);
    return (int) Math.clamp(descriptors - others, 1, wanted);
  }

  /**
   * Has the runtime open what it needs for virtual threads to wait for sockets. It does so at the
   * first such wait, once: if descriptors are used up at that moment, no virtual thread of the
   * process can ever wait for a socket again.
   *
   * @throws IOException if it cannot, so that the server does not start
   */
  static void openPollers() throws IOException {
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Thread waiting = Thread.ofVirtual().unstarted(() -> failure.set(waitForNothing()));
    waiting.start();
    Threads.join(waiting);
    Throwable cause = failure.get();
    if (cause != null) {
      throw new IOException("the runtime cannot wait for sockets: " + cause, cause);
    }
  }

  private static @Nullable Throwable waitForNothing() {
    try (DatagramChannel silent = DatagramChannel.open()) {
      silent.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      silent.socket().setSoTimeout(1);
      silent.socket().receive(new DatagramPacket(new byte[1], 1));
      return null;
    } catch (SocketTimeoutException e) {
      return null;
    } catch (IOException | LinkageError e) {
      return e;
    }
  }
}
