package hikyaku.mailbox;

import org.jspecify.annotations.Nullable;

/**
 * One attempt at a write. Under one key a log is written to once, however many attempts there are,
 * on whichever node.
 *
 * @param key names the write, or null if it cannot be repeated; at most 100 characters
 * @param phase what is known of attempts before this one
 */
public record Attempt(@Nullable String key, Phase phase) {
  /** What is known of attempts before. */
  public enum Phase {
    /** There was none. */
    FIRST,
    /** There may have been one, on a node that fell silent: what it wrote is looked up first. */
    REPEAT,
    /**
     * There was one, and it was over: what it wrote is looked up, and nothing is written. Where
     * there would be something to write it had failed, and so does this one.
     */
    OVER
  }

  /** A write that is not repeated. */
  public static final Attempt ONLY = new Attempt(null, Phase.FIRST);

  /** The first attempt under a key. */
  public static Attempt first(String key) {
    return new Attempt(key, Phase.FIRST);
  }

  /** An attempt under a key that may have been tried before. */
  public static Attempt repeat(String key) {
    return new Attempt(key, Phase.REPEAT);
  }

  /** The same for one of several writes that belong together. */
  public Attempt part(String name) {
    return key == null ? this : new Attempt(key + name, phase);
  }

  /** Whether there may have been an attempt before. */
  public boolean isRepeat() {
    return phase != Phase.FIRST;
  }
}
