package hikyaku.server.front;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/** A network between a front and a node that can be cut, or hold everything back. */
final class Cable implements AutoCloseable {
  private final ServerSocket near;
  private final InetSocketAddress far;
  private final Set<Socket> ends = ConcurrentHashMap.newKeySet();
  private final Semaphore flow = new Semaphore(1);
  private volatile boolean cut;

  /** One for each direction of a connection that has ended. */
  final Semaphore ended = new Semaphore(0);

  Cable(InetSocketAddress far) throws IOException {
    this.far = far;
    near = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  String address() {
    return "127.0.0.1:" + near.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        Socket here = near.accept();
        if (cut) {
          here.close();
          continue;
        }
        Socket there = new Socket();
        try {
          there.connect(far);
        } catch (ConnectException e) {
          // Nobody is at the far end any more.
          here.close();
          continue;
        }
        here.setTcpNoDelay(true);
        there.setTcpNoDelay(true);
        ends.add(here);
        ends.add(there);
        Thread.ofVirtual().start(() -> pump(here, there));
        Thread.ofVirtual().start(() -> pump(there, here));
      }
    } catch (SocketException e) {
      if (!near.isClosed()) {
        throw new UncheckedIOException(e);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void pump(Socket from, Socket to) {
    byte[] buffer = new byte[65_536];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      int count;
      while ((count = in.read(buffer)) >= 0) {
        flow.acquireUninterruptibly();
        flow.release();
        out.write(buffer, 0, count);
      }
    } catch (IOException e) {
      // A cable that is cut.
    } finally {
      ends.remove(from);
      ends.remove(to);
      ended.release();
    }
  }

  /** As when the other machine dies with its network. */
  void cut() {
    cut = true;
    for (Socket end : ends) {
      try {
        end.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  void mend() {
    cut = false;
  }

  /** As when the other machine hangs: connections stand, and nothing comes. */
  void freeze() {
    flow.acquireUninterruptibly();
  }

  void thaw() {
    flow.release();
  }

  @Override
  public void close() throws IOException {
    near.close();
    cut();
  }
}
