package hikyaku.server.link;

import hikyaku.server.net.CloseReason;
import hikyaku.server.net.Home;

/** What a front is told of a session that a node serves. */
public sealed interface Told {
  /** Part of an answer, not settled. */
  record Output(byte[] octets, long pin) implements Told {}

  /** A line between two responses that is no part of the answer. */
  record Aside(byte[] octets) implements Told {}

  /** The end of an answer, and where the session stands. */
  record Settled(long inputOffset, byte[] position, byte[] octets) implements Told {}

  /** Send the octets, then start TLS. */
  record StartTls(long inputOffset, byte[] octets) implements Told {}

  /** Send the octets, then compress. */
  record StartCompression(long inputOffset, byte[] octets) implements Told {}

  /** Who has logged in, and where their sessions are best served. */
  record Account(String name, Home home) implements Told {}

  /** So many octets of input were taken. */
  record Granted(int octets) implements Told {}

  /** The node has let the session go where it was last settled. */
  record Left() implements Told {}

  /** The session is over. */
  record Closed(CloseReason reason) implements Told {}

  /** The node does not take the session. */
  record Refused(String why) implements Told {}

  /** The link is gone, and the node with it for all that is known. */
  record Lost(String why) implements Told {}
}
