package hikyaku.server.foreign;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.protocol.proxy.ProxyWriter;
import hikyaku.server.auth.AuthContext;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection to a foreign server, line by line, as long as it is not yet logged in. */
final class Dialogue implements AutoCloseable {
  /** Octets of the longest line. Capabilities are the longest that is said before a login. */
  private static final int LONGEST = 16 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(Dialogue.class);

  private final Backend backend;
  private final Endpoint endpoint;
  private final long deadline;
  private final Socket ground;
  private final Thread watch;
  private Socket socket;
  private InputStream in;

  private Dialogue(Backend backend, Endpoint endpoint, Socket ground, Duration patience)
      throws IOException {
    this.backend = backend;
    this.endpoint = endpoint;
    this.ground = ground;
    this.socket = ground;
    this.deadline = System.nanoTime() + patience.toNanos();
    this.in = new BufferedInputStream(ground.getInputStream());
    this.watch = Thread.ofVirtual().name("foreign-login").start(() -> endAfter(patience));
  }

  /** Whatever the server does, and however slowly it does it, the login has one end in time. */
  private void endAfter(Duration patience) {
    try {
      Thread.sleep(patience);
      ground.close();
    } catch (InterruptedException e) {
      // Logged in, or over.
    } catch (IOException e) {
      LOG.atDebug().setCause(e).log("closing a foreign session that took too long");
    }
  }

  /** Connects, with what comes before the protocol: whose connection it is, and TLS. */
  static Dialogue connect(
      Backend backend, Endpoint endpoint, AuthContext context, ForeignSettings settings)
      throws IOException {
    Socket socket = new Socket();
    boolean done = false;
    try {
      InetSocketAddress there = new InetSocketAddress(endpoint.bareHost(), endpoint.port());
      if (there.isUnresolved()) {
        throw new IOException("there is no host " + endpoint.host());
      }
      socket.connect(there, (int) settings.connect().toMillis());
      socket.setTcpNoDelay(true);
      socket.setKeepAlive(true);
      Dialogue dialogue = new Dialogue(backend, endpoint, socket, settings.login());
      try {
        dialogue.introduce(context, there);
        if (endpoint.tls() == Endpoint.Tls.IMPLICIT) {
          dialogue.startTls();
        }
        done = true;
      } finally {
        if (!done) {
          dialogue.close();
        }
      }
      return dialogue;
    } finally {
      if (!done) {
        socket.close();
      }
    }
  }

  private void introduce(AuthContext context, InetSocketAddress there) throws IOException {
    InetSocketAddress client = new InetSocketAddress(context.remote(), context.port());
    switch (backend.proxy()) {
      case 1 -> socket.getOutputStream().write(ProxyWriter.version1(client, there));
      case 2 -> socket.getOutputStream().write(ProxyWriter.version2(client, there));
      default -> {}
    }
  }

  /**
   * Starts TLS.
   *
   * @throws IOException also if the server has said something in the clear that it should not have
   */
  void startTls() throws IOException {
    if (in.available() > 0) {
      throw new IOException("it said something ahead of TLS");
    }
    ground.setSoTimeout(left());
    try {
      socket = ForeignTls.over(ground, backend, endpoint);
    } catch (IOException e) {
      int unused = left();
      throw e;
    }
    in = new BufferedInputStream(socket.getInputStream());
  }

  private int left() throws SocketTimeoutException {
    long millis = (deadline - System.nanoTime()) / 1_000_000;
    if (millis <= 0) {
      throw new SocketTimeoutException("the login took too long");
    }
    return (int) millis;
  }

  /** The next line, without its end; each octet a char. */
  String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      int octet = octet();
      if (octet == '\n') {
        String text = line.toString(ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
      }
      line.write(octet);
      if (line.size() > LONGEST) {
        throw new IOException("it sent a line of more than " + LONGEST + " octets");
      }
    }
  }

  private int octet() throws IOException {
    if (in.available() == 0) {
      socket.setSoTimeout(left());
    }
    int octet;
    try {
      octet = in.read();
    } catch (IOException e) {
      int unused = left();
      throw e;
    }
    if (octet < 0) {
      throw new IOException("it ended the connection");
    }
    return octet;
  }

  void skip(int octets) throws IOException {
    for (int i = 0; i < octets; i++) {
      int unused = octet();
    }
  }

  /** Sends a line; each char is one octet. */
  void send(String line) throws IOException {
    send(line.getBytes(ISO_8859_1));
  }

  /** Sends a line. */
  void send(byte[] line) throws IOException {
    byte[] whole = new byte[line.length + 2];
    System.arraycopy(line, 0, whole, 0, line.length);
    whole[line.length] = '\r';
    whole[line.length + 1] = '\n';
    OutputStream out = socket.getOutputStream();
    try {
      out.write(whole);
      out.flush();
    } finally {
      Arrays.fill(whole, (byte) 0);
    }
  }

  InputStream in() {
    return in;
  }

  OutputStream out() throws IOException {
    return socket.getOutputStream();
  }

  /** From here on the server may be silent. */
  void loggedIn() throws IOException {
    watch.interrupt();
    int unused = left();
    socket.setSoTimeout(0);
  }

  @Override
  public void close() throws IOException {
    watch.interrupt();
    // TLS would want to say goodbye first, which waits for whoever writes.
    ground.close();
  }
}
