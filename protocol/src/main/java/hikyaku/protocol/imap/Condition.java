package hikyaku.protocol.imap;

/** How a command or the session fares (RFC 9051 §7.1). */
public enum Condition {
  /** The command succeeded, or a piece of information. */
  OK,
  /** The command was understood and could not be carried out. */
  NO,
  /** The command was not understood or not allowed now. */
  BAD,
  /** A greeting of a session that needs no login. */
  PREAUTH,
  /** The connection is about to be closed. */
  BYE
}
