package hikyaku.server.net;

/** Where a protocol trace goes: a file, a terminal. Called on the session's thread. */
@FunctionalInterface
public interface TraceSink {
  /** Which way a line went. */
  enum Direction {
    CLIENT,
    SERVER,
    /** A remark on the connection: begin, TLS, compression, end. */
    EVENT
  }

  /** Takes one line, without secrets and without its line ending. */
  void line(String sessionId, Direction direction, String text);
}
