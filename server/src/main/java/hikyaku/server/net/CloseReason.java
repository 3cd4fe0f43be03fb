package hikyaku.server.net;

/** Why a connection ended, for the log and for counting. */
public enum CloseReason {
  /** The protocol came to its end (QUIT, LOGOUT). */
  DONE,
  /** The peer went away between commands. */
  PEER_CLOSED,
  /** The peer went away inside a command, or the network failed. */
  BROKEN,
  /** The client sent nothing within the time a command may take. */
  READ_TIMEOUT,
  /** The client took nothing of what was written to it within {@link NetLimits#write()}. */
  WRITE_TIMEOUT,
  /** TLS could not be negotiated, or what came was not TLS. */
  TLS_FAILED,
  /** What came was not a deflate stream (RFC 4978). */
  COMPRESSION_FAILED,
  /** Ended by command of the operator. */
  OPERATOR,
  /** Its account may no longer be used (suspended, deleted, password changed). */
  ACCOUNT,
  /** The server stops, or stopped waiting for the session. */
  STOPPING,
  /** It goes on on another node. */
  MOVED,
  /** A bug of ours. */
  BUG,
  /** Something of ours failed that is not the connection. */
  FAILED,
  /** Turned away by a limit before the protocol began. */
  REFUSED
}
