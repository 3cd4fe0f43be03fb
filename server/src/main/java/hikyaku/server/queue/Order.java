package hikyaku.server.queue;

/** What an operator can want of messages that wait. */
public enum Order {
  /** They are not tried until they are released. */
  HOLD,
  /** They go on. One that nobody holds but its sender, who wants it later, goes now. */
  RELEASE,
  /** They are tried now. */
  RETRY,
  /** They go, and nobody is told. */
  DELETE,
  /** They go by a server that the operator names, whatever the configuration says. */
  REROUTE;

  /**
   * Whether it lets a message go before the time that its sender wants.
   *
   * @param held whether an operator keeps it back
   */
  boolean isEarly(boolean held) {
    return this == RETRY || (this == RELEASE && !held);
  }
}
