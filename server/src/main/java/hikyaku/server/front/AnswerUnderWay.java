package hikyaku.server.front;

import java.io.IOException;
import java.util.OptionalLong;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * How much of the answer at hand a client has, so that another node that gives it once more goes on
 * behind that. A repeat must begin with the very octets that the client got before.
 */
final class AnswerUnderWay {
  /** A repeated answer is not what was answered before. */
  static final class Diverged extends IOException {
    Diverged(String message) {
      super(message);
    }
  }

  /** Octets that went to the client before the answer was settled. */
  private long delivered;

  /** Of those octets; null for none. */
  private @Nullable CRC32C digest;

  /** Whether the last of them ends a line. */
  private boolean lineEnded;

  private OptionalLong pin = OptionalLong.empty();

  /** Octets of a repeat that the client has already and that have yet to come, and what came. */
  private long toSkip;

  private @Nullable CRC32C skipped;

  /** Whether the client has anything of it. */
  boolean isBegun() {
    return delivered > 0;
  }

  /** Whether the client has anything of it, and that ends a line. */
  boolean isBetweenLines() {
    return delivered > 0 && lineEnded;
  }

  /** Whether a repeat has not yet come to where the client is. */
  boolean isBehind() {
    return toSkip > 0;
  }

  /** Whether a repeat has only just begun: nothing of what the client has came again. */
  boolean isUnrepeated() {
    return toSkip >= delivered;
  }

  /** The place in the log that the answer is given from, if the node said one. */
  OptionalLong pin() {
    return pin;
  }

  void pin(long sequence) {
    pin = OptionalLong.of(sequence);
  }

  /**
   * Takes octets of the answer, which the client gets but for the first of them.
   *
   * @return how many the client has already
   */
  int take(byte[] octets) throws Diverged {
    int again = (int) Math.min(toSkip, octets.length);
    if (again > 0) {
      skip(octets, again);
    }
    int fresh = octets.length - again;
    if (fresh > 0) {
      digest = digested(digest, octets, again, fresh);
      delivered += fresh;
      lineEnded = octets[octets.length - 1] == '\n';
    }
    return again;
  }

  private void skip(byte[] octets, int count) throws Diverged {
    skipped = digested(skipped, octets, 0, count);
    toSkip -= count;
    CRC32C before = digest;
    if (toSkip == 0 && (before == null || skipped.getValue() != before.getValue())) {
      throw new Diverged("the repeated answer differs in its first " + delivered + " octets");
    }
  }

  private static CRC32C digested(@Nullable CRC32C digest, byte[] octets, int offset, int length) {
    CRC32C more = digest == null ? new CRC32C() : digest;
    more.update(octets, offset, length);
    return more;
  }

  /** All of it has been said. */
  void settle() throws Diverged {
    if (toSkip > 0) {
      throw new Diverged(
          "the repeated answer ends " + toSkip + " octets before what was delivered");
    }
    delivered = 0;
    digest = null;
    pin = OptionalLong.empty();
  }

  /** Another node gives it from its beginning. */
  void repeat() {
    toSkip = delivered;
    skipped = null;
  }
}
