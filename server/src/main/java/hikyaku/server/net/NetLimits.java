package hikyaku.server.net;

import java.time.Duration;

/**
 * What clients may take of the network layer. A connection over a limit gets the protocol's own
 * reply ({@link Protocol#refusal}) in place of the greeting. Limits per account belong to login.
 *
 * @param connections all connections together; fewer where the system allows too few open files, of
 *     which up to 2048 are left to the store and the runtime. Reply: {@link Refusal#TOTAL}
 * @param connectionsPerProtocol of one protocol, so that a flood of SMTP leaves room for readers.
 *     Reply: {@link Refusal#PROTOCOL}
 * @param connectionsPerAddress of one protocol from one client, an IPv4 address or an IPv6 /64; an
 *     office behind one address has many readers with several connections each. Reply: {@link
 *     Refusal#ADDRESS}
 * @param loopbackExempt whether clients on this machine (a web mail, a proxy) are free of the limit
 *     per address
 * @param unauthenticated connections of protocols with login that have not logged in, all together:
 *     whoever cannot log in cannot use up the service. Reply: {@link Refusal#UNAUTHENTICATED}
 * @param refusals refusals being said at one time; above, a connection is closed without a word,
 *     because saying it may take a TLS handshake
 * @param proxyHeader the longest time that the header of a connection from a proxy may take ({@code
 *     listen.NAME.proxy-from}), however the octets drip; the connection is closed
 * @param handshake the longest time a TLS handshake may take as a whole, however the octets drip;
 *     the connection is closed
 * @param login the longest time from the greeting to the login in protocols with login, whatever is
 *     said meanwhile: {@code unauthenticated} places are few. The protocol ends the session as one
 *     that has been silent for too long
 * @param read the time to wait for octets inside a command until the protocol sets its own
 * @param command the longest time that a client may keep us waiting inside one command, all waits
 *     together, so that octets that drip do not hold a session for ever. The protocol ends the
 *     session as when nothing comes
 * @param slowest octets per second that a client must bring beyond that time: {@code command} is
 *     longer by a second for each, so that large messages get through on slow lines
 * @param write the longest time a client may take nothing of what is written to it; the connection
 *     is closed
 * @param linger how long to wait at the end for the client to close its side, so that the last
 *     reply is not lost to a reset (RFC 1122 §4.2.2.13)
 * @param grace how long a stop waits for sessions inside a command before it closes them
 * @param backlog connections that the operating system holds ready to be accepted
 */
public record NetLimits(
    int connections,
    int connectionsPerProtocol,
    int connectionsPerAddress,
    boolean loopbackExempt,
    int unauthenticated,
    int refusals,
    Duration proxyHeader,
    Duration handshake,
    Duration login,
    Duration read,
    Duration command,
    int slowest,
    Duration write,
    Duration linger,
    Duration grace,
    int backlog) {
  public static final NetLimits DEFAULT =
      new NetLimits(
          15_000,
          10_000,
          100,
          true,
          2_000,
          64,
          Duration.ofSeconds(5),
          Duration.ofSeconds(30),
          Duration.ofMinutes(5),
          Duration.ofMinutes(5),
          Duration.ofMinutes(10),
          1024,
          Duration.ofMinutes(2),
          Duration.ofSeconds(2),
          Duration.ofSeconds(20),
          1024);

  public NetLimits {
    if (slowest < 1) {
      throw new IllegalArgumentException("the slowest rate is an octet per second, not " + slowest);
    }
  }
}
