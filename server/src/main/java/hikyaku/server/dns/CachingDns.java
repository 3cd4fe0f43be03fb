package hikyaku.server.dns;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.Cache;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedResolver;
import org.xbill.DNS.Flags;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Resolver;
import org.xbill.DNS.ResolverConfig;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TLSARecord;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;
import org.xbill.DNS.lookup.LookupResult;
import org.xbill.DNS.lookup.LookupSession;
import org.xbill.DNS.lookup.NoSuchDomainException;
import org.xbill.DNS.lookup.NoSuchRRSetException;

/** Asks DNS servers, with a cache that keeps to the records' times. */
public final class CachingDns implements SecureDns {
  private static final int CACHED = 50_000;
  private static final int PORT = 53;

  /** The longest that an answer about DNSSEC is kept, whatever its records say, in seconds. */
  private static final long LONGEST_KEPT = 3_600;

  /** How long it is kept that there is nothing, in seconds. */
  private static final long NOTHING_KEPT = 60;

  private final LookupSession session;
  private final Resolver resolver;
  private final boolean trusting;
  private final DnsSettings settings;

  /** The library's cache does not tell what was secure. */
  private final com.github.benmanes.caffeine.cache.Cache<Question, Kept> secured =
      Caffeine.newBuilder().maximumSize(CACHED).build();

  /**
   * @throws IllegalArgumentException if a resolver is no address
   */
  public CachingDns(DnsSettings settings) {
    this.settings = settings;
    List<Resolver> resolvers = new ArrayList<>();
    for (String each : settings.resolvers()) {
      resolvers.add(new SimpleResolver(address(each)));
    }
    ExtendedResolver all =
        resolvers.isEmpty() ? new ExtendedResolver() : new ExtendedResolver(resolvers);
    all.setTimeout(settings.timeout());
    resolver = all;
    trusting =
        switch (settings.trustAd()) {
          case ALWAYS -> true;
          case NEVER -> false;
          case LOOPBACK -> areLoopback(settings.resolvers());
        };
    Cache cache = new Cache(DClass.IN);
    cache.setMaxEntries(CACHED);
    session = LookupSession.builder().resolver(all).cache(cache).build();
  }

  private static boolean areLoopback(List<String> named) {
    List<InetSocketAddress> servers =
        named.isEmpty()
            ? ResolverConfig.getCurrentConfig().servers()
            : named.stream().map(CachingDns::address).toList();
    return servers.stream()
        .allMatch(each -> each.getAddress() != null && each.getAddress().isLoopbackAddress());
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
  public Optional<List<InetAddress>> a(String host) throws DnsException {
    return ask(host, Type.A, ARecord.class, ARecord::getAddress);
  }

  @Override
  public Optional<List<InetAddress>> aaaa(String host) throws DnsException {
    return ask(host, Type.AAAA, AAAARecord.class, AAAARecord::getAddress);
  }

  @Override
  public Optional<List<Mx>> mx(String domain) throws DnsException {
    return ask(domain, Type.MX, MXRecord.class, CachingDns::exchange);
  }

  private static Mx exchange(MXRecord mx) {
    Name host = mx.getTarget();
    // The library says "." for the root, with or without its dot.
    return new Mx(mx.getPriority(), host.equals(Name.root) ? "" : host.toString(true));
  }

  @Override
  public Optional<List<String>> txt(String name) throws DnsException {
    return ask(name, Type.TXT, TXTRecord.class, CachingDns::joined);
  }

  private static String joined(TXTRecord text) {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    text.getStringsAsByteArrays().forEach(octets::writeBytes);
    return octets.toString(ISO_8859_1);
  }

  @Override
  public Optional<List<String>> ptr(InetAddress address) throws DnsException {
    return ask(
        ReverseMap.fromAddress(address),
        Type.PTR,
        PTRRecord.class,
        ptr -> ptr.getTarget().toString(true));
  }

  /** Where a service is, as "PRIORITY WEIGHT PORT HOST" (RFC 2782). */
  public Optional<List<String>> srv(String name) throws DnsException {
    return ask(
        name,
        Type.SRV,
        SRVRecord.class,
        srv ->
            "%d %d %d %s"
                .formatted(
                    srv.getPriority(),
                    srv.getWeight(),
                    srv.getPort(),
                    srv.getTarget().toString(true)));
  }

  private <R extends Record, T> Optional<List<T>> ask(
      String name, int type, Class<R> wanted, Function<R, T> told) throws DnsException {
    try {
      // In what the library reads, a backslash says that the next character is meant.
      return ask(Name.fromString(name.replace("\\", "\\\\"), Name.root), type, wanted, told);
    } catch (TextParseException e) {
      // No name that DNS could have.
      return Optional.empty();
    }
  }

  private <R extends Record, T> Optional<List<T>> ask(
      Name name, int type, Class<R> wanted, Function<R, T> told) throws DnsException {
    CompletableFuture<LookupResult> asked = session.lookupAsync(name, type).toCompletableFuture();
    try {
      // The resolver has its own end; this one is for what it may forget.
      long most = settings.timeout().toMillis() * 4 + 1_000;
      return Optional.of(
          asked.get(most, TimeUnit.MILLISECONDS).getRecords().stream()
              .filter(wanted::isInstance)
              .map(wanted::cast)
              .map(told)
              .toList());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof NoSuchDomainException) {
        return Optional.empty();
      }
      if (e.getCause() instanceof NoSuchRRSetException) {
        return Optional.of(List.of());
      }
      throw silent(name, type, e);
    } catch (TimeoutException e) {
      asked.cancel(true);
      throw silent(name, type, e);
    } catch (InterruptedException e) {
      asked.cancel(true);
      Thread.currentThread().interrupt();
      throw silent(name, type, e);
    }
  }

  private static DnsException silent(Name name, int type, Exception e) {
    return new DnsException(name.toString(true) + " " + Type.string(type), e);
  }

  // ---- with DNSSEC

  private record Question(Name name, int type) {}

  /**
   * An answer as it came.
   *
   * @param until by {@link System#nanoTime}
   */
  private record Kept(Answer<Record> answer, long until) {}

  @Override
  public boolean isTrusting() {
    return trusting;
  }

  @Override
  public Answer<Mx> secureMx(String domain) throws DnsException {
    return secure(domain, Type.MX, MXRecord.class, CachingDns::exchange);
  }

  @Override
  public Answer<InetAddress> secureAddresses(String host) throws DnsException {
    List<InetAddress> all = new ArrayList<>();
    boolean exists = false;
    boolean secure = true;
    DnsException silent = null;
    String name = "";
    for (int type : new int[] {Type.AAAA, Type.A}) {
      try {
        Answer<InetAddress> answer =
            type == Type.A
                ? secure(host, Type.A, ARecord.class, ARecord::getAddress)
                : secure(host, Type.AAAA, AAAARecord.class, AAAARecord::getAddress);
        List<InetAddress> found = answer.records().orElse(List.of());
        exists |= answer.records().isPresent();
        secure &= found.isEmpty() || answer.secure();
        all.addAll(found);
        name = name.isEmpty() ? answer.name() : name;
      } catch (DnsException e) {
        silent = e;
      }
    }
    if (all.isEmpty() && silent != null) {
      throw silent;
    }
    return new Answer<>(
        exists ? Optional.of(all) : Optional.empty(), secure && !all.isEmpty(), name);
  }

  @Override
  public Answer<Tlsa> tlsa(String name) throws DnsException {
    return secure(
        name,
        Type.TLSA,
        TLSARecord.class,
        tlsa ->
            new Tlsa(
                tlsa.getCertificateUsage(),
                tlsa.getSelector(),
                tlsa.getMatchingType(),
                tlsa.getCertificateAssociationData()));
  }

  private <R extends Record, T> Answer<T> secure(
      String name, int type, Class<R> wanted, Function<R, T> told) throws DnsException {
    try {
      Name asked = Name.fromString(name.replace("\\", "\\\\"), Name.root);
      Answer<Record> answer = secure(new Question(asked, type));
      return new Answer<>(
          answer
              .records()
              .map(all ->
                  all.stream().filter(wanted::isInstance).map(wanted::cast).map(told).toList()),
          answer.secure(),
          answer.name());
    } catch (TextParseException e) {
      return new Answer<>(Optional.empty(), false);
    }
  }

  private Answer<Record> secure(Question question) throws DnsException {
    Kept kept = secured.getIfPresent(question);
    if (kept != null && kept.until - System.nanoTime() > 0) {
      return kept.answer;
    }
    Message query = Message.newQuery(Record.newRecord(question.name, question.type, DClass.IN));
    // Says that we understand the same bit in the answer (RFC 6840 §5.7).
    query.getHeader().setFlag(Flags.AD);
    CompletableFuture<Message> asked = resolver.sendAsync(query).toCompletableFuture();
    try {
      long most = settings.timeout().toMillis() * 4 + 1_000;
      Message said = asked.get(most, TimeUnit.MILLISECONDS);
      Answer<Record> answer = read(question, said);
      long seconds =
          said.getSection(Section.ANSWER).stream()
              .mapToLong(Record::getTTL)
              .min()
              .orElse(NOTHING_KEPT);
      secured.put(
          question,
          new Kept(
              answer,
              System.nanoTime() + TimeUnit.SECONDS.toNanos(Math.clamp(seconds, 0, LONGEST_KEPT))));
      return answer;
    } catch (ExecutionException | TimeoutException e) {
      asked.cancel(true);
      throw silent(question.name, question.type, e);
    } catch (InterruptedException e) {
      asked.cancel(true);
      Thread.currentThread().interrupt();
      throw silent(question.name, question.type, e);
    }
  }

  private Answer<Record> read(Question question, Message said) throws DnsException {
    boolean secure = trusting && said.getHeader().getFlag(Flags.AD);
    if (said.getRcode() == Rcode.NXDOMAIN) {
      return new Answer<>(Optional.empty(), secure);
    }
    if (said.getRcode() != Rcode.NOERROR) {
      throw silent(question.name, question.type, new IOException(Rcode.string(said.getRcode())));
    }
    // A server that asks others for us follows aliases itself.
    List<Record> found =
        said.getSection(Section.ANSWER).stream()
            .filter(each -> each.getType() == question.type)
            .toList();
    String name =
        found.stream()
            .map(Record::getName)
            .filter(each -> !each.equals(question.name))
            .map(each -> each.toString(true))
            .findFirst()
            .orElse("");
    return new Answer<>(Optional.of(found), secure, name);
  }
}
