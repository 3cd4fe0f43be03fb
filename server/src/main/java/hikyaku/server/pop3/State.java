package hikyaku.server.pop3;

/** The states of RFC 1939 §3 in which a client may speak. UPDATE is what QUIT does. */
enum State {
  AUTHORIZATION,
  TRANSACTION
}
