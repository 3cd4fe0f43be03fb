package hikyaku.server.queue;

/** What an operator can want of messages that wait. */
public enum Order {
  /** They are not tried until they are released. */
  HOLD,
  RELEASE,
  /** They are tried now. */
  RETRY,
  /** They go, and nobody is told. */
  DELETE,
  /** They go by a server that the operator names, whatever the configuration says. */
  REROUTE
}
