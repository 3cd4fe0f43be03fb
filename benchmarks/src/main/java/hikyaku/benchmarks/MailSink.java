package hikyaku.benchmarks;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes mail at many ports, each a destination, and counts it: PIPELINING and 8BITMIME, nothing
 * kept. A dead destination takes connections and never says a word.
 */
final class MailSink implements AutoCloseable {
  private static final long PATIENCE = TimeUnit.MINUTES.toNanos(5);
  private static final byte[] END = "\r\n.\r\n".getBytes(StandardCharsets.US_ASCII);

  private final List<ServerSocket> doors = new ArrayList<>();
  private final AtomicLong messages = new AtomicLong();
  private final ServerSocket dead = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());

  MailSink(int destinations) throws IOException {
    for (int i = 0; i < destinations; i++) {
      ServerSocket door = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
      doors.add(door);
      Thread.ofVirtual().start(() -> accept(door));
    }
  }

  List<Integer> ports() {
    return doors.stream().map(ServerSocket::getLocalPort).toList();
  }

  /** The port of a destination that is dead. */
  int deadPort() {
    return dead.getLocalPort();
  }

  /** Messages that have come so far. */
  long messages() {
    return messages.get();
  }

  /** Waits until so many have come. */
  void await(long count) throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE;
    while (messages.get() < count) {
      if (System.nanoTime() > end) {
        throw new IOException("only " + messages + " messages of " + count + " have come");
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  private void accept(ServerSocket door) {
    try {
      while (true) {
        Socket client = door.accept();
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private void serve(Socket client) {
    try (client) {
      client.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(client.getInputStream(), 64 * 1024);
      OutputStream out = client.getOutputStream();
      StringBuilder replies = new StringBuilder("220 sink\r\n");
      StringBuilder line = new StringBuilder();
      while (true) {
        if (in.available() == 0 && !replies.isEmpty()) {
          out.write(replies.toString().getBytes(StandardCharsets.US_ASCII));
          replies.setLength(0);
        }
        if (!readLine(in, line)) {
          return;
        }
        switch (line.substring(0, Math.min(4, line.length()))) {
          case "EHLO" -> replies.append("250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
          case "DATA" -> {
            replies.append("354 go on\r\n");
            out.write(replies.toString().getBytes(StandardCharsets.US_ASCII));
            replies.setLength(0);
            if (!skipMessage(in)) {
              return;
            }
            messages.incrementAndGet();
            replies.append("250 taken\r\n");
          }
          case "QUIT" -> {
            out.write("221 bye\r\n".getBytes(StandardCharsets.US_ASCII));
            return;
          }
          default -> replies.append("250 ok\r\n");
        }
      }
    } catch (IOException e) {
      // The client has gone.
    }
  }

  private static boolean readLine(InputStream in, StringBuilder line) throws IOException {
    line.setLength(0);
    for (int octet = in.read(); octet != '\n'; octet = in.read()) {
      if (octet < 0) {
        return false;
      }
      line.append((char) octet);
    }
    return true;
  }

  /** Reads to the end of a message; whether it has one. */
  private static boolean skipMessage(InputStream in) throws IOException {
    int matched = 0;
    while (matched < END.length) {
      int octet = in.read();
      if (octet < 0) {
        return false;
      }
      if (octet == END[matched]) {
        matched++;
      } else {
        matched = octet == END[0] ? 1 : 0;
      }
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    dead.close();
    for (ServerSocket door : doors) {
      door.close();
    }
  }
}
