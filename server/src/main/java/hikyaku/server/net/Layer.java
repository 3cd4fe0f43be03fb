package hikyaku.server.net;

import java.io.IOException;

/**
 * Octets in both directions: the socket, TLS over it, compression over either. Owned by the
 * connection's thread. Deadlines are values of {@link System#nanoTime()}.
 */
interface Layer {
  /** What a wait for input may be ended by, besides input, the end and the deadline. */
  enum Waiting {
    /** Inside a command: by nothing. */
    IN_COMMAND,
    /** Between commands: by a stop. */
    IDLE,
    /** Between commands: by a stop or a signal. */
    IDLE_OR_SIGNAL
  }

  /** Whether reading would give octets without a look at the layer below. */
  boolean hasInput();

  /** Waits until at least one octet of this layer can be read, holding no buffer meanwhile. */
  Wake await(Waiting waiting, long deadline) throws IOException;

  /**
   * Reads at least one octet.
   *
   * @return the number read, or -1 at the end
   * @throws NetException.ReadTimeout at the deadline
   */
  int read(byte[] buffer, int offset, int length, long deadline) throws IOException;

  /** Takes the octets; they reach the layer below by {@link #flush()} at the latest. */
  void write(byte[] octets, int offset, int length) throws IOException;

  /** Pushes everything written down to the socket. */
  void flush() throws IOException;

  /** Says in this layer's terms that no more output follows. */
  void endOutput() throws IOException;

  /** Frees what is held outside of the heap. Reading and writing are over. */
  void release();
}
