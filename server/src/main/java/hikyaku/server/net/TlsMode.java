package hikyaku.server.net;

/** How a listener speaks TLS. */
public enum TlsMode {
  /** Never. */
  NONE,
  /** When the client asks for it in the protocol (STARTTLS, STLS). */
  STARTTLS,
  /** From the first octet on (RFC 8314 §3). */
  IMPLICIT
}
