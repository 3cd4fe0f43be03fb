package hikyaku.server.smtpclient;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How other servers are spoken to. The times are those of RFC 5321 §4.5.3.2 where it has them.
 *
 * @param connect how long a connection may take to come about
 * @param greeting how long a server may take to greet, TLS included
 * @param reply how long it may take for any other reply
 * @param data how long it may take to read a piece of a message
 * @param end how long it may take to say that it has taken a message
 * @param sources addresses of this machine that connections come from: the first of IPv4 and the
 *     first of IPv6. Empty to leave it to the system
 * @param loopback whether mail may go to this machine's own loopback addresses because DNS says so.
 *     Nobody outside should be able to have mail sent there, so false
 */
public record ClientSettings(
    Duration connect,
    Duration greeting,
    Duration reply,
    Duration data,
    Duration end,
    List<SourceAddress> sources,
    boolean loopback) {
  public static final ClientSettings DEFAULTS =
      new ClientSettings(
          Duration.ofSeconds(30),
          Duration.ofMinutes(5),
          Duration.ofMinutes(5),
          Duration.ofMinutes(3),
          Duration.ofMinutes(10),
          List.of(),
          false);

  public ClientSettings {
    sources = List.copyOf(sources);
  }

  /** All addresses that connections come from; empty for whichever the system likes. */
  public List<InetAddress> used() {
    return Stream.of(Inet4Address.class, Inet6Address.class)
        .flatMap(family ->
            sources.stream().map(SourceAddress::address).filter(family::isInstance).limit(1))
        .toList();
  }

  /** Where a connection to an address comes from; empty for wherever the system likes. */
  Optional<InetAddress> source(InetAddress to) {
    return sources.stream().filter(each -> each.fits(to)).map(SourceAddress::address).findFirst();
  }
}
