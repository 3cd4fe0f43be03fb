package hikyaku.server.link;

import java.time.Duration;

/**
 * How a link is watched.
 *
 * @param heartbeat the longest time an end of a link says nothing; both ends send at least that
 *     often
 * @param silence after hearing nothing for so long, a front takes its sessions elsewhere. Several
 *     heartbeats: a short pause of the other end (collecting garbage, a busy machine) is no death.
 *     A false alarm costs a move and loses nothing
 * @param patience after hearing nothing for so long, a node gives up on a front and ends its
 *     sessions. Longer than {@code silence}: the clients' connections are the front's
 * @param greeting the longest time a peer may take to prove itself
 * @param strangers peers that may be proving themselves at one time
 * @param tls whether links are encrypted. Both ends must have the same. No certificate is needed:
 *     the proof of the cluster's key covers the TLS connection, so nobody stands between
 * @param drain sessions a second that a node lets go while it drains, so that the others are not
 *     flooded and each session is without a node for a moment only
 * @param ticket how long a ticket is good: the clocks of front and node may differ by as much
 */
public record LinkSettings(
    Duration heartbeat,
    Duration silence,
    Duration patience,
    Duration greeting,
    int strangers,
    boolean tls,
    int drain,
    Duration ticket) {
  public static final LinkSettings DEFAULT =
      new LinkSettings(
          Duration.ofMillis(200),
          Duration.ofMillis(800),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          32,
          true,
          1000,
          Duration.ofSeconds(60));

  public LinkSettings {
    if (drain < 1) {
      throw new IllegalArgumentException("a node lets go at least one session a second");
    }
    if (silence.compareTo(heartbeat.multipliedBy(2)) < 0) {
      throw new IllegalArgumentException("link.silence must be two heartbeats at least");
    }
  }
}
