package hikyaku.server.net;

/** Why a connection is turned away, or ended, by the network layer and not by the protocol. */
public enum Refusal {
  /** {@link NetLimits#connections()} reached: the service is busy. */
  TOTAL,
  /** {@link NetLimits#connectionsPerProtocol()} reached: the service is busy. */
  PROTOCOL,
  /** {@link NetLimits#connectionsPerAddress()} reached: this client has too many connections. */
  ADDRESS,
  /** {@link NetLimits#unauthenticated()} reached: the service is busy. */
  UNAUTHENTICATED,
  /** The server is stopping. */
  STOPPING,
  /** The session met a bug of ours; it ends, the service goes on. */
  INTERNAL_ERROR
}
