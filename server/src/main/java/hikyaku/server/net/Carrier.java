package hikyaku.server.net;

/**
 * The way back from a session on this node to the front that carries it. Implemented by the link;
 * called by the session's thread. Octets are copied before a method returns, and none of them waits
 * for the network. Once the link is gone, what is said is lost: the front has taken the session
 * elsewhere.
 */
public interface Carrier {
  /**
   * Part of an answer that is not yet settled.
   *
   * @param pin what the command is pinned to, or -1
   * @param more whether the session says something else at once, with which this may go
   */
  void output(byte[] octets, int offset, int length, long pin, boolean more);

  /** A line between two responses that is no part of the answer: a repeat need not say it. */
  void aside(byte[] line);

  /**
   * Where the session stands, with the last octets of the answer.
   *
   * @param inputOffset octets of input dealt with since the session began
   */
  void settled(long inputOffset, byte[] position, byte[] octets, int length);

  /** Have the front start TLS behind these octets, and forget the input from this offset on. */
  void startTls(long inputOffset, byte[] octets, int length);

  /** Have the front compress behind these octets; the input from this offset on is compressed. */
  void startCompression(long inputOffset, byte[] octets, int length);

  /**
   * Who has logged in, and where their sessions are best served; may go with what comes next. Empty
   * for one that has logged out.
   */
  void account(String account, Home home);

  /** So many octets of input were taken: the front may send as many more. */
  void granted(int octets);

  /** The session has been left at its last settled place. */
  void letGo();

  /** The session is over; the client's connection ends with it. */
  void closed(CloseReason reason);
}
