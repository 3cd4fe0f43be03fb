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
 * @param ticket how long a ticket is good: the clocks of front and node may differ by as much
 */
public record LinkSettings(
    Duration heartbeat,
    Duration silence,
    Duration patience,
    Duration greeting,
    int strangers,
    Duration ticket) {
  public static final LinkSettings DEFAULT =
      new LinkSettings(
          Duration.ofMillis(200),
          Duration.ofMillis(800),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          32,
          Duration.ofSeconds(60));
}
