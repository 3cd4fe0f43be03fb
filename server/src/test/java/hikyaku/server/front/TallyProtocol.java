package hikyaku.server.front;

import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader.LineEnding;
import hikyaku.server.net.Connection;
import hikyaku.server.net.Home;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.Refusal;
import hikyaku.server.net.Wake;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.zip.CRC32;

/**
 * A protocol with all that makes moving hard: state, writes, long answers, long input, and a
 * command that lasts. Instances of several nodes share their writes, as nodes share a store.
 */
final class TallyProtocol implements Protocol {
  private static final Duration IDLE = Duration.ofMinutes(1);

  final String node;
  final Map<String, Long> writes;

  /** Sessions that have come to this node, by how: served or resumed. */
  final LinkedBlockingQueue<String> begun = new LinkedBlockingQueue<>();

  final LinkedBlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
  final LinkedBlockingQueue<Wake> ends = new LinkedBlockingQueue<>();
  final Set<Connection> idling = ConcurrentHashMap.newKeySet();

  /** Where a command stops on this node, if it is told to: reached, then never left. */
  volatile String stopAt = "";

  /** Whether a client is greeted when it has spoken, as one that came too soon. */
  volatile boolean listensFirst;

  final CountDownLatch reached = new CountDownLatch(1);
  final CountDownLatch release = new CountDownLatch(1);

  TallyProtocol(String node, Map<String, Long> writes) {
    this.node = node;
    this.writes = writes;
  }

  @Override
  public String name() {
    return "imap";
  }

  @Override
  public String refusal(Refusal reason) {
    return "* BYE " + reason + "\r\n";
  }

  @Override
  public void serve(Connection connection) throws IOException {
    begun.add("served");
    boolean early = listensFirst && connection.await(IDLE) == Wake.INPUT;
    connection.out().write(early ? "* EARLY\r\n" : "* HELLO\r\n");
    new Dialogue(connection, 0, false).run();
  }

  @Override
  public void resume(Connection connection, byte[] position) throws IOException {
    begun.add("resumed");
    stop("resume");
    ByteBuffer where = ByteBuffer.wrap(position);
    long total = position.length == 0 ? 0 : where.getLong();
    new Dialogue(connection, total, position.length > 0 && where.get() == 1).run();
  }

  private void stop(String place) {
    if (stopAt.equals(place)) {
      reached.countDown();
      try {
        release.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private final class Dialogue {
    private final Connection connection;
    private long total;
    private boolean idle;

    Dialogue(Connection connection, long total, boolean idle) {
      this.connection = connection;
      this.total = total;
      this.idle = idle;
    }

    private void settle() throws IOException {
      connection.settle(
          () -> ByteBuffer.allocate(9).putLong(total).put((byte) (idle ? 1 : 0)).array());
    }

    void run() throws IOException {
      connections.add(connection);
      settle();
      Wake wake;
      try {
        do {
          if (idle) {
            idle();
          }
          wake = connection.await(IDLE);
        } while (wake == Wake.INPUT && command());
        ends.add(wake);
      } catch (Moved e) {
        ends.add(Wake.MOVED);
      }
    }

    private static final class Moved extends IOException {}

    private boolean command() throws IOException {
      String key = connection.commandKey();
      boolean repeat = connection.isRepeat();
      String line =
          new String(
              connection.in().readLine(1000, LineEnding.LENIENT), StandardCharsets.ISO_8859_1);
      String[] words = line.split(" ");
      switch (words[0]) {
        case "ADD" -> {
          stop("before write");
          long number = Long.parseLong(words[1]);
          if (writes.putIfAbsent(key, number) != null && !repeat) {
            throw new IllegalStateException("written before, and not called a repeat");
          }
          stop("after write");
          total += number;
          reply("total " + total);
        }
        case "SAY" -> say(Integer.parseInt(words[1]));
        case "TAKE" -> take(Long.parseLong(words[1]));
        case "WHERE" -> reply(node);
        case "NAME" -> {
          connection.describe(
              words[1],
              words.length < 4 ? Home.ANYWHERE : new Home(known(words[2]), known(words[3])));
          reply("named");
        }
        case "RANDOM" -> {
          for (int i = 0; i < 20_000; i++) {
            connection.out().write(node + " says " + System.nanoTime() + "\r\n");
          }
          stop("in the answer");
          reply("done");
        }
        case "SIGN" -> {
          connection.out().write("signed by " + node + "\r\n");
          connection.out().flush();
          stop("in the answer");
          reply("sealed");
        }
        case "SLOW" -> {
          connection.out().write("half of it\r\n");
          connection.aside("* still at it\r\n");
          stop("in the answer");
          reply("all of it");
        }
        case "IDLE" -> {
          idle = true;
          connection.out().write("+ idling\r\n");
        }
        case "STARTTLS" -> {
          reply("go ahead");
          connection.startTls();
          total = 0;
        }
        case "COMPRESS" -> {
          reply("go ahead");
          connection.startCompression();
        }
        case "QUIT" -> {
          reply("bye");
          return false;
        }
        default -> reply("what? " + line);
      }
      settle();
      return true;
    }

    /** The same lines for the same number and total, whoever says them. */
    private void say(int lines) throws IOException {
      OptionalLong pinned = connection.pinned();
      long pin = pinned.isPresent() ? pinned.getAsLong() : total + 1000;
      connection.pin(pin);
      for (int i = 0; i < lines; i++) {
        connection.out().write("line " + i + " pinned to " + pin + " of a long answer\r\n");
        if (i == lines / 2) {
          connection.out().flush();
          stop("in the answer");
        }
      }
      reply("said");
    }

    private void take(long octets) throws IOException {
      connection.out().write("+ go ahead\r\n");
      CRC32 sum = new CRC32();
      long half = octets / 2;
      connection.in().readCounted(half, sum::update);
      stop("in the input");
      connection.in().readCounted(octets - half, sum::update);
      reply("took " + octets + " " + sum.getValue());
    }

    private void idle() throws IOException {
      idling.add(connection);
      try {
        while (idle) {
          switch (connection.awaitOrSignal(IDLE)) {
            case SIGNAL -> {
              connection.out().write("* news at " + total + "\r\n");
              settle();
            }
            case INPUT -> {
              connection.in().readLine(1000, LineEnding.LENIENT);
              idle = false;
              reply("idled");
              settle();
            }
            case MOVED -> throw new Moved();
            case END -> throw new WireException.Truncated();
            case TIMEOUT, STOPPING -> throw new IllegalStateException("waited for nothing");
          }
        }
      } finally {
        idling.remove(connection);
      }
    }

    private static String known(String word) {
      return word.equals("-") ? "" : word;
    }

    private void reply(String text) throws IOException {
      connection.out().write(text + "\r\n");
    }
  }
}
