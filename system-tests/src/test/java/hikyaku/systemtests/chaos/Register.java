package hikyaku.systemtests.chaos;

import java.util.ArrayList;
import java.util.List;

/**
 * What was written to one flag of one message, and so what a reader may find. A write of unknown
 * outcome may take effect at any later time, for the node that has it may be halted.
 */
final class Register {
  /** A write that began and, if it was acknowledged, ended. */
  static final class Write {
    private final boolean value;
    private final long began;
    private final String who;
    private volatile long ended = Times.NOT_YET;
    private volatile boolean acknowledged;

    private Write(boolean value, long began, String who) {
      this.value = value;
      this.began = began;
      this.who = who;
    }

    void acknowledge(long now) {
      acknowledged = true;
      ended = now;
    }

    @Override
    public String toString() {
      return (value ? "set" : "cleared")
          + " by "
          + who
          + " at "
          + Times.shown(began)
          + (acknowledged ? ", acknowledged at " : ", over at ")
          + Times.shown(ended);
    }
  }

  private final List<Write> writes = new ArrayList<>();

  /** Anything may be set at first. */
  Register() {
    for (boolean value : new boolean[] {true, false}) {
      begin(value, Times.NEVER_BEFORE, "the beginning").ended = Times.NEVER_BEFORE;
    }
  }

  synchronized Write begin(boolean value, long now, String who) {
    Write write = new Write(value, now, who);
    writes.add(write);
    return write;
  }

  /** It was refused, and not done. */
  synchronized void withdraw(Write write) {
    writes.remove(write);
  }

  /** Whether a read that began and ended then may find this. */
  synchronized boolean mayBe(boolean value, long readBegan, long readEnded) {
    return writes.stream()
        .filter(write -> write.value == value && write.began < readEnded)
        .anyMatch(write -> !isOverwritten(write, readBegan));
  }

  private boolean isOverwritten(Write write, long readBegan) {
    return writes.stream()
        .anyMatch(later ->
            later.acknowledged
                && later.value != write.value
                && later.began > write.ended
                && later.ended < readBegan);
  }

  @Override
  public synchronized String toString() {
    return writes.toString();
  }
}
