package hikyaku.server.link;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Who asks, on one link: questions under way and the parts of their answers. */
final class Questions {
  /** Questions under way on one link: operators and their monitors are few. */
  private static final int AT_ONCE = 32;

  /** A whole answer may take so many times what each part may. */
  private static final int PARTS_PATIENCE = 10;

  /** What stands before the octets in the first part of an answer. */
  static final int FIRST_HEAD = 1 + 2 + 16;

  private final AtomicInteger numbers = new AtomicInteger();
  private final Map<Integer, BlockingQueue<Heard>> waiting = new ConcurrentHashMap<>();
  private volatile long run;

  /** What comes of a question. */
  private sealed interface Heard {
    record Part(byte[] frame) implements Heard {}

    record Lost(String why) implements Heard {}
  }

  /** The number by which the peer said that it answers, 0 until then. */
  long run() {
    return run;
  }

  /** Whether the frame is about questions; called by the link's reader. */
  boolean takes(byte type, int number, byte[] octets, int offset, int length) throws LinkException {
    switch (type) {
      case Frame.ABLE -> {
        FrontLink.atLeast(8, length);
        run = Link.getLong(octets, offset);
        return true;
      }
      case Frame.ANSWER -> {
        FrontLink.atLeast(1, length);
        BlockingQueue<Heard> mine = waiting.get(number);
        byte[] frame = Arrays.copyOfRange(octets, offset, offset + length);
        if (mine != null && !mine.offer(new Heard.Part(frame))) {
          throw new LinkException("parts of an answer that nobody asked for");
        }
        return true;
      }
      default -> {
        return false;
      }
    }
  }

  /** The link is gone. */
  void lost(String why) {
    // What is full will be told when it has asked for more.
    waiting.values().forEach(mine -> mine.offer(new Heard.Lost(why)));
  }

  /**
   * Asks, and waits for the whole answer.
   *
   * @param patience how long each part may take
   * @throws LinkException saying why there is none
   */
  Answer ask(Link link, Question question, Duration patience)
      throws LinkException, InterruptedException {
    if (waiting.size() >= AT_ONCE) {
      throw new LinkException("too many questions are under way");
    }
    byte[] asked = question.encode();
    int number = numbers.incrementAndGet();
    BlockingQueue<Heard> mine = new ArrayBlockingQueue<>(2);
    waiting.put(number, mine);
    try {
      link.send(Frame.ASK, number, asked);
      if (!link.isOpen()) {
        throw new LinkException("the link is gone");
      }
      return gather(link, number, mine, patience);
    } finally {
      waiting.remove(number);
    }
  }

  private static Answer gather(Link link, int number, BlockingQueue<Heard> mine, Duration patience)
      throws LinkException, InterruptedException {
    long ends = System.nanoTime() + PARTS_PATIENCE * patience.toNanos();
    ByteArrayOutputStream json = new ByteArrayOutputStream();
    byte[] first = part(mine, patience);
    FrontLink.atLeast(FIRST_HEAD, first.length);
    json.write(first, FIRST_HEAD, first.length - FIRST_HEAD);
    boolean more = first[0] != 0;
    while (more) {
      if (ends - System.nanoTime() < 0) {
        throw new LinkException("the answer takes too long");
      }
      if (!link.isOpen()) {
        throw new LinkException("the link is gone");
      }
      link.send(Frame.MORE, number);
      byte[] next = part(mine, patience);
      json.write(next, 1, next.length - 1);
      if (json.size() > Answer.MOST) {
        throw new LinkException("an answer of more than " + Answer.MOST + " octets");
      }
      more = next[0] != 0;
    }
    int status = (first[1] & 0xff) << 8 | first[2] & 0xff;
    return new Answer(status, json.toByteArray(), Link.getLong(first, 3), Link.getLong(first, 11));
  }

  private static byte[] part(BlockingQueue<Heard> mine, Duration patience)
      throws LinkException, InterruptedException {
    return switch (mine.poll(patience.toNanos(), TimeUnit.NANOSECONDS)) {
      case Heard.Part(byte[] frame) -> frame;
      case Heard.Lost(String why) -> throw new LinkException("gone in mid-answer: " + why);
      case null -> throw new LinkException("no answer within " + patience.toMillis() + " ms");
    };
  }
}
