package hikyaku.server.net;

/** Why a wait between commands is over. */
public enum Wake {
  /** At least one octet can be read without blocking. */
  INPUT,
  /** {@link Connection#signal()} was called since the last wait that saw signals. */
  SIGNAL,
  /** Nothing happened within the time given. */
  TIMEOUT,
  /** The peer will send nothing more; what is written may still reach it. */
  END,
  /** The server stops: say goodbye and return. Every later wait says the same. */
  STOPPING,
  /**
   * The session goes on elsewhere from where it was last {@link Connection#settle settled}: return
   * without a word to the client, keeping nothing. Every later wait says the same.
   */
  MOVED
}
