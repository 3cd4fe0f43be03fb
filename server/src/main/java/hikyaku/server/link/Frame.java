package hikyaku.server.link;

/**
 * The frames of a link: one octet of type, three of length, four of stream, all big-endian, then
 * the payload. Stream 0 is the link itself; the front numbers the others upwards from 1.
 */
final class Frame {
  static final int HEADER = 8;

  /**
   * The longest payload. Octets come by a buffer of a session at most; only a position can be long,
   * when a client has saved the result of a search with very many gaps.
   */
  static final int MAX_PAYLOAD = 4 * 1024 * 1024;

  /** The longest payload before the peer has proven itself. */
  static final int MAX_GREETING = 1024;

  /** The most octets that are given back. */
  static final int MAX_ECHO = 64;

  // Link to link.
  static final byte HELLO = 1; // version, nonce, name
  static final byte CHALLENGE = 2; // nonce, mac, name
  static final byte PROOF = 3; // mac
  static final byte PING = 4;
  static final byte REPORT = 5; // Report
  static final byte ECHO = 6; // a few octets, given back by the node
  static final byte ABLE = 7; // number of the front's run (8): it answers questions
  static final byte ASK = 8; // Question; its number in place of the stream, as with the next two
  static final byte ANSWER = 9; // more follows (1); of the first status (2), times (16); octets
  static final byte MORE = 10;

  // Front to node.
  static final byte OPEN = 16; // Ticket
  static final byte INPUT = 17; // octets
  static final byte INPUT_END = 18;
  static final byte TLS_STARTED = 19; // input offset (8), Tls
  static final byte COMPRESSION_STARTED = 20; // input offset (8)
  static final byte LET_GO = 21;
  static final byte DROP = 22; // reason by name

  // Both ways.
  static final byte GRANT = 32; // octets (4)

  // Node to front.
  static final byte OUTPUT = 48; // pin (8), octets
  static final byte SETTLED = 49; // input offset (8), length of position (4), position, octets
  static final byte START_TLS = 50; // input offset (8), octets
  static final byte START_COMPRESSION = 51; // input offset (8), octets
  static final byte ACCOUNT = 52; // name, best node, best pool, with line feeds between
  static final byte LEFT = 53;
  static final byte CLOSED = 54; // reason by name
  static final byte REFUSED = 55; // why, for the log
  static final byte ASIDE = 56; // octets that are no part of an answer

  private Frame() {}
}
