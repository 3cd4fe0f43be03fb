package hikyaku.server.published;

/** Kinds of records that mail needs. */
public enum Kind {
  /** An IPv4 address. */
  A,
  /** An IPv6 address. */
  AAAA,
  MX,
  /** The name of an address; asked for by the address itself. */
  PTR,
  SRV,
  /** The key of a host's certificate (RFC 6698). */
  TLSA,
  TXT
}
