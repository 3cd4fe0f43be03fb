package hikyaku.server.net;

import java.io.IOException;

/**
 * The layer at the bottom of a connection: where its octets come from, and what others than its
 * owner may do to it. {@link #signal}, {@link #stop}, {@link #checkWait}, {@link #checkWrite},
 * {@link #close} and the questions may come from any thread.
 */
sealed interface Ground extends Layer permits SocketLayer, CarriedLayer {
  /** Forgets what was received and not read, and says how much. */
  int discardInput();

  /** Waits for the peer to close its side, so that the last reply is not lost to a reset. */
  void linger(long deadline) throws IOException;

  /** See {@link Connection#signal()}. */
  void signal();

  /** Has the session leave as soon as it is between commands. */
  void stop();

  /** Whether the session was told to stop, and is to say so to its client. */
  boolean isStopping();

  /** Whether the session is to leave this node, to its end or for another, as soon as it can. */
  boolean isWanted();

  /** Whether {@link #close} was called, here or by the carrier. */
  boolean isClosed();

  /** Whether the owner waits between commands. */
  boolean isWaiting();

  /** Whether reading or writing has failed: nothing more can be said. */
  boolean hasFailed();

  /** Ends a wait for input whose time is up, if it is one without a timer. From the watch. */
  void checkWait(long now);

  /** Gives up on a client that has taken no output for that long. */
  void checkWrite(long now, long limitNanos);

  /** Ends the connection; the first reason given counts. */
  void close(CloseReason reason);

  /** Octets received. */
  long octetsIn();

  /** Octets sent. */
  long octetsOut();
}
