package hikyaku.server.smtpclient;

import java.time.Duration;

/**
 * How other servers are spoken to. The times are those of RFC 5321 §4.5.3.2 where it has them.
 *
 * @param connect how long a connection may take to come about
 * @param greeting how long a server may take to greet, TLS included
 * @param reply how long it may take for any other reply
 * @param data how long it may take to read a piece of a message
 * @param end how long it may take to say that it has taken a message
 * @param loopback whether mail may go to this machine's own loopback addresses because DNS says so.
 *     Nobody outside should be able to have mail sent there, so false
 */
public record ClientSettings(
    Duration connect,
    Duration greeting,
    Duration reply,
    Duration data,
    Duration end,
    boolean loopback) {
  public static final ClientSettings DEFAULTS =
      new ClientSettings(
          Duration.ofSeconds(30),
          Duration.ofMinutes(5),
          Duration.ofMinutes(5),
          Duration.ofMinutes(3),
          Duration.ofMinutes(10),
          false);
}
