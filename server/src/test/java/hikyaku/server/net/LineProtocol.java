package hikyaku.server.net;

import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader.LineEnding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;

/** A small line protocol with everything that the mail protocols do to a connection. */
final class LineProtocol implements Protocol {
  private final String name;
  volatile Duration idle = Duration.ofMinutes(5);
  volatile Duration read = Duration.ofMinutes(1);
  volatile boolean authenticates;
  volatile List<String> alpn = List.of();

  /** Sessions that have begun, for tests to get at. */
  final LinkedBlockingQueue<Connection> begun = new LinkedBlockingQueue<>();

  /** What each wait in IDLE ended by. */
  final LinkedBlockingQueue<Wake> wakes = new LinkedBlockingQueue<>();

  /** HOLD says that it is inside the command, and waits for the release. */
  final CountDownLatch held = new CountDownLatch(1);

  final CountDownLatch release = new CountDownLatch(1);
  final LinkedBlockingQueue<Exception> failures = new LinkedBlockingQueue<>();

  LineProtocol(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean authenticates() {
    return authenticates;
  }

  @Override
  public List<String> alpn() {
    return alpn;
  }

  @Override
  public String refusal(Refusal reason) {
    return "* BYE " + reason + "\r\n";
  }

  @Override
  public Redaction redaction() {
    return Redaction.byCommand(
        0, Set.of("ECHO", "NOOP", "IDLE", "LIT", "BIG", "QUIT"), Set.of("LOGIN", "AUTH"));
  }

  @Override
  public void serve(Connection c) throws IOException {
    begun.add(c);
    c.setReadTimeout(read);
    try {
      c.out().write("* HELLO\r\n");
      while (true) {
        switch (c.await(idle)) {
          case INPUT -> {
            if (!command(c, line(c))) {
              return;
            }
          }
          case TIMEOUT -> {
            c.out().write("* BYE idle\r\n");
            return;
          }
          case STOPPING -> {
            c.out().write("* BYE stopping\r\n");
            return;
          }
          case END -> {
            c.out().write("* BYE end\r\n");
            return;
          }
          case SIGNAL -> throw new IllegalStateException("signal in a wait that sees none");
        }
      }
    } catch (IOException | RuntimeException e) {
      failures.add(e);
      throw e;
    }
  }

  private static String line(Connection c) throws IOException {
    return new String(c.in().readLine(1000, LineEnding.LENIENT), StandardCharsets.ISO_8859_1);
  }

  private boolean command(Connection c, String line) throws IOException {
    String[] words = line.split(" ", 2);
    String argument = words.length > 1 ? words[1] : "";
    switch (words[0]) {
      case "NOOP" -> c.out().write("OK\r\n");
      case "ECHO" -> c.out().write(argument + "\r\n");
      case "IDLE" -> idle(c);
      case "LIT" -> literal(c, Long.parseLong(argument));
      case "BIG" -> big(c, Integer.parseInt(argument));
      case "STARTTLS" -> {
        c.out().write("OK begin\r\n");
        c.startTls();
      }
      case "COMPRESS" -> {
        c.out().write("OK begin\r\n");
        c.startCompression();
      }
      case "TLS" -> c.out().write(tls(c) + "\r\n");
      case "BIND" ->
          c.out()
              .write(
                  c.tls()
                          .flatMap(tls -> tls.channelBinding(argument))
                          .map(HexFormat.of()::formatHex)
                          .orElse("none")
                      + "\r\n");
      case "LOGIN" -> {
        c.describe(argument.split(" ", 2)[0]);
        c.out().write("OK\r\n");
      }
      case "AUTH" -> {
        c.out().write("+ go on\r\n");
        c.out().write(line(c).length() + "\r\n");
      }
      case "HOLD" -> hold(c);
      case "BUG" -> throw new IllegalStateException("a bug");
      case "DISK" -> throw new IOException("the disk failed");
      case "QUIT" -> {
        c.out().write("BYE\r\n");
        return false;
      }
      default -> c.out().write("BAD\r\n");
    }
    return true;
  }

  private static String tls(Connection c) {
    return c.tls()
        .map(t -> t.protocol() + " " + t.cipher() + " " + t.serverName().orElse("-"))
        .orElse("none");
  }

  private void idle(Connection c) throws IOException {
    c.out().write("+ idling\r\n");
    while (true) {
      Wake wake = c.awaitOrSignal(idle);
      wakes.add(wake);
      switch (wake) {
        case SIGNAL -> c.out().write("* SIGNAL\r\n");
        case TIMEOUT -> c.out().write("* STILL HERE\r\n");
        case INPUT -> {
          c.out().write("OK " + line(c) + "\r\n");
          return;
        }
        case END -> throw new WireException.End();
        case STOPPING -> {
          return;
        }
      }
    }
  }

  private static void literal(Connection c, long count) throws IOException {
    c.out().write("+ send\r\n");
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    c.in().readCounted(count, octets::write);
    c.out().write("OK " + octets.size() + "\r\n");
    c.out().write(octets.toByteArray());
    c.out().write("\r\n");
  }

  private static void big(Connection c, int count) throws IOException {
    byte[] octets = new byte[count];
    for (int i = 0; i < count; i++) {
      octets[i] = (byte) ('a' + i % 26);
    }
    c.out().write(octets);
    c.out().write("\r\nOK\r\n");
  }

  private void hold(Connection c) throws IOException {
    held.countDown();
    try {
      release.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    c.out().write("OK held\r\n");
  }
}
