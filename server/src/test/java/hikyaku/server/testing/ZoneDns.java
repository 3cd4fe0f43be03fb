package hikyaku.server.testing;

import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** A DNS as a test wants it; what is not there does not exist. */
public final class ZoneDns implements Dns {
  private final Map<String, Map<String, List<String>>> names = new ConcurrentHashMap<>();
  public final AtomicInteger questions = new AtomicInteger();

  /** Adds a record: A, AAAA, TXT, PTR, CNAME, or MX as {@code "10 host"}. */
  public ZoneDns with(String name, String type, String... values) {
    names
        .computeIfAbsent(name.toLowerCase(Locale.ROOT), _ -> new ConcurrentHashMap<>())
        .computeIfAbsent(type, _ -> new ArrayList<>())
        .addAll(List.of(values));
    return this;
  }

  /** Takes all records of a name away. */
  public ZoneDns without(String name) {
    names.remove(name.toLowerCase(Locale.ROOT));
    return this;
  }

  /** For what the name does not have, nobody answers. */
  public ZoneDns silent(String name) {
    return with(name, "TIMEOUT");
  }

  private Optional<List<String>> ask(String name, String type) throws DnsException {
    questions.incrementAndGet();
    if (Thread.interrupted()) {
      throw new DnsException(name, new InterruptedException());
    }
    String at = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    Map<String, List<String>> found = names.get(at.toLowerCase(Locale.ROOT));
    for (int hops = 0; found != null && found.containsKey("CNAME"); hops++) {
      if (hops > 8) {
        throw new DnsException(name, new IllegalStateException("a loop of aliases"));
      }
      found = names.get(found.get("CNAME").getFirst().toLowerCase(Locale.ROOT));
    }
    if (found == null) {
      return Optional.empty();
    }
    List<String> values = found.getOrDefault(type, List.of());
    if (values.isEmpty() && found.containsKey("TIMEOUT")) {
      throw new DnsException(name, new IllegalStateException("nobody is there"));
    }
    return Optional.of(List.copyOf(values));
  }

  private <T> Optional<List<T>> ask(String name, String type, Function<String, T> read)
      throws DnsException {
    return ask(name, type).map(values -> values.stream().map(read).toList());
  }

  @Override
  public Optional<List<InetAddress>> a(String host) throws DnsException {
    return ask(host, "A", InetAddress::ofLiteral);
  }

  @Override
  public Optional<List<InetAddress>> aaaa(String host) throws DnsException {
    return ask(host, "AAAA", InetAddress::ofLiteral);
  }

  @Override
  public Optional<List<Mx>> mx(String domain) throws DnsException {
    return ask(
        domain,
        "MX",
        value ->
            new Mx(
                Integer.parseInt(value.substring(0, value.indexOf(' '))),
                value.substring(value.indexOf(' ') + 1)));
  }

  @Override
  public Optional<List<String>> txt(String name) throws DnsException {
    return ask(name, "TXT");
  }

  @Override
  public Optional<List<String>> ptr(InetAddress address) throws DnsException {
    return ask(reversed(address.getAddress()), "PTR");
  }

  private static String reversed(byte[] address) {
    StringBuilder name = new StringBuilder();
    for (int i = address.length - 1; i >= 0; i--) {
      if (address.length == 4) {
        name.append(address[i] & 0xff).append('.');
      } else {
        name.append(Character.forDigit(address[i] & 0xf, 16)).append('.');
        name.append(Character.forDigit((address[i] >> 4) & 0xf, 16)).append('.');
      }
    }
    return name.append(address.length == 4 ? "in-addr.arpa" : "ip6.arpa").toString();
  }
}
