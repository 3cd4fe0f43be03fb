package hikyaku.server.link;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who answers, on one link. Each question has a thread of its own, up to a few at one time. */
final class Answering {
  private static final Logger LOG = LoggerFactory.getLogger(Answering.class);

  /** Questions answered at one time, over all links: an answer may have a look at the disk. */
  private static final Semaphore AT_ONCE = new Semaphore(16);

  /** After hearing nothing for so long, an asker is taken to have gone away. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Answerer answerer;

  /** Of each answer under way, whether its asker wants more of it. */
  private final Map<Integer, Semaphore> wanted = new ConcurrentHashMap<>();

  private volatile boolean lost;

  Answering(Answerer answerer) {
    this.answerer = answerer;
  }

  /** Called by the link's reader. */
  void asked(Link link, int number, byte[] octets, int offset, int length) throws LinkException {
    if (length > Question.MOST) {
      throw new LinkException("a question of " + length + " octets");
    }
    long came = now();
    byte[] question = Arrays.copyOfRange(octets, offset, offset + length);
    if (!AT_ONCE.tryAcquire()) {
      Answer refusal = error(503, "too many questions at once").at(came, came);
      link.sendAtOnce(Frame.ANSWER, number, first(refusal, refusal.json().length));
      return;
    }
    Thread.ofVirtual()
        .name("answer")
        .start(() -> {
          try {
            send(link, number, answer(question, came));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } finally {
            wanted.remove(number);
            AT_ONCE.release();
          }
        });
  }

  /** The asker has taken a part and waits for the next; called by the link's reader. */
  void more(int number) {
    Semaphore mine = wanted.get(number);
    if (mine != null) {
      mine.release();
    }
  }

  /** The link is gone. */
  void lost() {
    lost = true;
    wanted.values().forEach(Semaphore::release);
  }

  private Answer answer(byte[] question, long came) throws InterruptedException {
    Answer answer;
    try {
      answer = answerer.answer(Question.decode(question));
    } catch (LinkException e) {
      answer = error(400, String.valueOf(e.getMessage()));
    } catch (RuntimeException bug) {
      LOG.atError().setCause(bug).log("bug in an answer");
      answer = error(500, "a bug; the log of the one asked has more");
    }
    if (answer.json().length > Answer.MOST) {
      answer = error(413, "the answer has more than " + Answer.MOST + " octets; ask for less");
    }
    return answer.at(came, now());
  }

  private void send(Link link, int number, Answer answer) throws InterruptedException {
    byte[] json = answer.json();
    int sent = Math.min(json.length, Answer.PART);
    Semaphore mine = new Semaphore(0);
    wanted.put(number, mine);
    link.send(Frame.ANSWER, number, first(answer, sent));
    while (sent < json.length) {
      if (!mine.tryAcquire(PATIENCE.toNanos(), TimeUnit.NANOSECONDS) || lost) {
        return;
      }
      int length = Math.min(json.length - sent, Answer.PART);
      byte[] more = {(byte) (sent + length < json.length ? 1 : 0)};
      link.send(Frame.ANSWER, number, more, 1, json, sent, length);
      sent += length;
    }
  }

  private static byte[] first(Answer answer, int length) {
    byte[] frame = new byte[Questions.FIRST_HEAD + length];
    frame[0] = (byte) (length < answer.json().length ? 1 : 0);
    frame[1] = (byte) (answer.status() >>> 8);
    frame[2] = (byte) answer.status();
    System.arraycopy(Link.ofLong(answer.came()), 0, frame, 3, 8);
    System.arraycopy(Link.ofLong(answer.went()), 0, frame, 11, 8);
    System.arraycopy(answer.json(), 0, frame, Questions.FIRST_HEAD, length);
    return frame;
  }

  /** Sentences of ours, without anything that JSON would want escaped. */
  private static Answer error(int status, String sentence) {
    return new Answer(
        status, ("{\"error\":\"" + sentence + "\"}").getBytes(StandardCharsets.UTF_8));
  }

  private static long now() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000 + now.getNano() / 1000;
  }
}
