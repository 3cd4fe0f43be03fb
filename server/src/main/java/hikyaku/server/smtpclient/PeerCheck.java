package hikyaku.server.smtpclient;

import hikyaku.server.dns.Tlsa;
import java.util.List;

/** What the certificate of a server must be. */
sealed interface PeerCheck {
  /** Whatever it is. */
  PeerCheck ANYBODY = new Anybody();

  /** For the server's name, and of somebody who is trusted here. */
  PeerCheck NAMED = new Named(true);

  /** The same; but if it is not, that is told and no more. */
  PeerCheck OBSERVED = new Named(false);

  /** A server that the domain's policy does not name, though it may have the mail. */
  Told STRAY = new Told(TlsFault.VALIDATION_FAILURE, "the policy does not name this server");

  /** A server that has records of which none means anything here (RFC 7672 §2.2). */
  Told UNUSABLE = new Told(TlsFault.TLSA_INVALID, "none of the TLSA records can be used");

  /**
   * Opportunistic security (RFC 7435): encryption against who listens, for mail that would else go
   * in the clear; it does not keep out who stands between.
   */
  record Anybody() implements PeerCheck {}

  /** See {@link #NAMED} and {@link #OBSERVED}. */
  record Named(boolean enforced) implements PeerCheck {}

  /** As {@link #ANYBODY}; but that mail goes to this server is told as a fault. */
  record Told(TlsFault fault, String reason) implements PeerCheck {}

  /**
   * One that a record fits (RFC 7672 §3).
   *
   * @param records at least one that can be used
   * @param names one of which it must have, where somebody else vouches for it (DANE-TA)
   */
  record Dane(List<Tlsa> records, List<String> names) implements PeerCheck {
    public Dane {
      records = List.copyOf(records);
      names = List.copyOf(names);
    }
  }
}
