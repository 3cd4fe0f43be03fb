package hikyaku.server.smtpclient;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.Cache;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedResolver;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Resolver;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;
import org.xbill.DNS.lookup.LookupSession;
import org.xbill.DNS.lookup.NoSuchDomainException;
import org.xbill.DNS.lookup.NoSuchRRSetException;

/** Asks the DNS, with a cache that keeps to the records' times. */
public final class DnsNames implements Names {
  private static final int CACHED = 50_000;
  private static final int PORT = 53;

  private final LookupSession session;
  private final ClientSettings settings;

  /**
   * @throws IllegalArgumentException if a resolver is no address
   */
  public DnsNames(ClientSettings settings) {
    this.settings = settings;
    List<Resolver> resolvers = new ArrayList<>();
    for (String each : settings.resolvers()) {
      resolvers.add(new SimpleResolver(address(each)));
    }
    ExtendedResolver all =
        resolvers.isEmpty() ? new ExtendedResolver() : new ExtendedResolver(resolvers);
    all.setTimeout(settings.dns());
    Cache cache = new Cache(DClass.IN);
    cache.setMaxEntries(CACHED);
    session = LookupSession.builder().resolver(all).cache(cache).build();
  }

  private static InetSocketAddress address(String written) {
    int colon = written.lastIndexOf(':');
    boolean port = colon >= 0 && (written.indexOf(':') == colon || written.contains("]:"));
    String host = port ? written.substring(0, colon) : written;
    try {
      return new InetSocketAddress(
          InetAddress.ofLiteral(host.replaceAll("[\\[\\]]", "")),
          port ? Integer.parseInt(written.substring(colon + 1)) : PORT);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("\"" + written + "\" is no address of a DNS server", e);
    }
  }

  @Override
  public Optional<List<Mx>> exchanges(String domain) throws UnreachableException {
    Optional<List<Record>> records = ask(domain, Type.MX);
    return records.map(found ->
        found.stream()
            .filter(MXRecord.class::isInstance)
            .map(MXRecord.class::cast)
            .map(mx -> new Mx(mx.getPriority(), mx.getTarget().toString(true)))
            .toList());
  }

  @Override
  public List<InetAddress> addresses(String host) throws UnreachableException {
    List<InetAddress> found = new ArrayList<>();
    UnreachableException silent = null;
    for (int type : new int[] {Type.AAAA, Type.A}) {
      try {
        for (Record record : ask(host, type).orElse(List.of())) {
          if (record instanceof AAAARecord six) {
            found.add(six.getAddress());
          } else if (record instanceof ARecord four) {
            found.add(four.getAddress());
          }
        }
      } catch (UnreachableException e) {
        silent = e;
      }
    }
    if (found.isEmpty() && silent != null) {
      throw silent;
    }
    return found;
  }

  private Optional<List<Record>> ask(String name, int type) throws UnreachableException {
    Name asked;
    try {
      asked = Name.fromString(name, Name.root);
    } catch (TextParseException e) {
      // No name that DNS could have.
      return Optional.empty();
    }
    try {
      // The resolver has its own end; this one is for what it may forget.
      long most = settings.dns().toMillis() * 4 + 1_000;
      return Optional.of(
          session
              .lookupAsync(asked, type)
              .toCompletableFuture()
              .get(most, TimeUnit.MILLISECONDS)
              .getRecords());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof NoSuchDomainException) {
        return Optional.empty();
      }
      if (e.getCause() instanceof NoSuchRRSetException) {
        return Optional.of(List.of());
      }
      throw silent(name, type, e);
    } catch (TimeoutException e) {
      throw silent(name, type, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw silent(name, type, e);
    }
  }

  private static UnreachableException silent(String name, int type, Exception e) {
    return new UnreachableException(
        Verdict.deferred("4.4.3", "DNS does not answer for " + name + " " + Type.string(type)), e);
  }
}
