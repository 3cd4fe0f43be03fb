package hikyaku.server.net;

import java.io.IOException;
import java.util.List;

/** One protocol on one kind of listener. One instance serves all its connections, concurrently. */
public interface Protocol {
  /** Lower case, as in metrics, logs and limits: {@code imap}, {@code pop3}, {@code smtp}. */
  String name();

  /**
   * Serves one connection from the greeting to the goodbye, on the connection's own virtual thread.
   * The caller flushes and closes the connection afterwards. Between commands the protocol calls
   * {@link Connection#await}, and on {@link Wake#STOPPING} says goodbye and returns, on {@link
   * Wake#MOVED} just returns.
   *
   * <p>An IOException ends the session and is logged; a RuntimeException is a bug, which is counted
   * and costs this session alone.
   */
  void serve(Connection connection) throws IOException;

  /**
   * Carries a session on from where {@link Connection#settle} left it, perhaps on another node,
   * perhaps long ago: as {@link #serve}, without a greeting. If the position is no longer good (the
   * account is suspended, the mailbox gone), it says goodbye in the protocol's words and returns.
   *
   * @param position what was given to {@link Connection#settle}, unchanged
   * @throws UnsupportedOperationException if this protocol never settles
   */
  default void resume(Connection connection, byte[] position) throws IOException {
    throw new UnsupportedOperationException(name() + " sessions do not move");
  }

  /**
   * The line, with its CRLF, that tells a client why it is turned away, or why its session ends
   * ({@link Refusal#INTERNAL_ERROR}). It stands in place of the greeting except after a bug, and
   * must never make a client ask its user for the password.
   */
  String refusal(Refusal reason);

  /**
   * What of an input line may appear in a protocol trace. Without knowledge of the protocol,
   * nothing.
   */
  default Redaction redaction() {
    return Redaction.ALL;
  }

  /**
   * The protocol's ALPN identifiers (RFC 7301). A client that offers others only is refused, which
   * keeps one protocol from being mistaken for another. Empty: ALPN is ignored.
   */
  default List<String> alpn() {
    return List.of();
  }

  /**
   * Whether clients log in here, so that {@link NetLimits#unauthenticated()} applies until {@link
   * Connection#describe} names an account.
   */
  default boolean authenticates() {
    return true;
  }
}
