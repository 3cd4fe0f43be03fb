package hikyaku.server.ops;

import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.dkim.Algorithm;
import hikyaku.server.dkim.DkimException;
import hikyaku.server.dkim.DkimKey;
import hikyaku.server.dkim.DkimKeys;
import hikyaku.server.dkim.KeyMaterial;
import hikyaku.server.published.Finding;
import hikyaku.server.published.Inspector;
import hikyaku.server.published.Lookup;
import hikyaku.server.published.Plan;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Keys that domains sign with, and what domains publish in DNS. */
public final class DkimOperations implements AdminApi.Group {
  /** Hosts that may be named in one question. */
  private static final int MOST_HOSTS = 20;

  private final Directory directory;
  private final DkimKeys keys;
  private final Function<Optional<List<String>>, Plan> plan;
  private final Supplier<Lookup> dns;
  private final SecureRandom random;
  private final InstantSource clock;

  /**
   * @param plan what is to be published, for these hosts or those that the configuration names
   * @param dns a view that has not asked anything yet: what was just published is looked for
   */
  public DkimOperations(
      Directory directory,
      DkimKeys keys,
      Function<Optional<List<String>>, Plan> plan,
      Supplier<Lookup> dns,
      SecureRandom random,
      InstantSource clock) {
    this.directory = directory;
    this.keys = keys;
    this.plan = plan;
    this.dns = dns;
    this.random = random;
    this.clock = clock;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "domains/*/dkim", this::list);
    table.add("POST", "domains/*/dkim", this::create);
    table.add("PUT", "domains/*/dkim/*", this::importKey);
    table.add("POST", "domains/*/dkim/*", this::order);
    table.add("DELETE", "domains/*/dkim/*", this::delete);
    table.add("GET", "domains/*/dns", this::inspect);
  }

  private AdminResponse list(AdminRequest request) throws AdminException {
    return AdminResponse.ok(views(domain(request)));
  }

  private List<View> views(String domain) {
    return keys.keys(domain).stream().map(this::view).toList();
  }

  private View view(DkimKey key) {
    return View.of(key, clock.instant());
  }

  private AdminResponse create(AdminRequest request) throws AdminException {
    String domain = domain(request);
    New wanted = request.json(New.class);
    List<Algorithm> algorithms = new ArrayList<>();
    for (String each : wanted.algorithms) {
      algorithms.add(
          Algorithm.of(each.toLowerCase(Locale.ROOT))
              .orElseThrow(() ->
                  AdminException.badRequest(
                      "a key is of rsa or ed25519, not of \"" + each + "\"")));
    }
    if (wanted.selector != null && algorithms.size() > 1) {
      throw AdminException.badRequest("a selector is for one key; name its algorithm");
    }
    List<View> made = new ArrayList<>();
    for (Algorithm algorithm : algorithms) {
      made.add(
          view(
              add(
                  domain,
                  Optional.ofNullable(wanted.selector),
                  KeyMaterial.generate(algorithm, random),
                  false)));
    }
    return AdminResponse.created(made);
  }

  private AdminResponse importKey(AdminRequest request) throws AdminException {
    String domain = domain(request);
    Import wanted = request.json(Import.class);
    try {
      KeyMaterial material = KeyMaterial.read(wanted.key);
      return AdminResponse.created(view(add(domain, Optional.of(request.part(3)), material, true)));
    } catch (DkimException e) {
      throw AdminException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  private DkimKey add(
      String domain, Optional<String> selector, KeyMaterial material, boolean imported)
      throws AdminException {
    try {
      return keys.add(domain, selector, material, imported);
    } catch (DkimException e) {
      throw new AdminException(409, String.valueOf(e.getMessage()));
    }
  }

  private AdminResponse order(AdminRequest request) throws AdminException {
    String domain = domain(request);
    DkimKey key = key(domain, request.part(3));
    Order order = request.json(Order.class);
    try {
      switch (order.order) {
        case "activate" -> {
          if (!order.unchecked) {
            requirePublished(key);
          }
          keys.activate(domain, key.selector());
        }
        case "retire" -> keys.retire(domain, key.selector());
        default -> throw AdminException.badRequest("a key is activated or retired");
      }
    } catch (DkimException e) {
      throw new AdminException(409, String.valueOf(e.getMessage()));
    }
    return AdminResponse.ok(views(domain));
  }

  /** A key that nobody can look up makes mail worse than none. */
  private void requirePublished(DkimKey key) throws AdminException {
    Finding finding =
        new Inspector(plan.apply(Optional.empty()), dns.get())
            .inspect(Plan.key(key, clock.instant()));
    String what =
        switch (finding.state()) {
          case RIGHT -> null;
          case MISSING -> "is not published";
          case DIFFERS -> "is published, but not with this key";
          case UNKNOWN -> "cannot be looked up: " + finding.cause();
        };
    if (what != null) {
      throw new AdminException(
          409,
          "the record "
              + key.recordName()
              + " "
              + what
              + "; 'hikyaku dns "
              + key.domain()
              + "' prints it. With --unchecked the key signs all the same.");
    }
  }

  private AdminResponse delete(AdminRequest request) throws AdminException {
    String domain = domain(request);
    DkimKey key = key(domain, request.part(3));
    try {
      keys.delete(domain, key.selector());
    } catch (DkimException e) {
      throw new AdminException(409, String.valueOf(e.getMessage()));
    }
    return AdminResponse.done();
  }

  private AdminResponse inspect(AdminRequest request) throws AdminException {
    String domain = domain(request);
    Optional<String> named = request.parameter("hosts");
    Optional<List<String>> hosts = Optional.empty();
    if (named.isPresent()) {
      List<String> each = new ArrayList<>();
      for (String host : named.get().split(",")) {
        each.add(
            Address.canonicalDomain(host)
                .orElseThrow(
                    () -> AdminException.badRequest("\"" + host + "\" is no name of a host")));
      }
      if (each.size() > MOST_HOSTS) {
        throw AdminException.badRequest("at most " + MOST_HOSTS + " hosts at once");
      }
      hosts = Optional.of(each);
    }
    List<Finding> findings =
        new Inspector(plan.apply(hosts), dns.get())
            .inspect(domain, keys.keys(domain), clock.instant());
    return AdminResponse.ok(findings.stream().map(RecordView::of).toList());
  }

  private String domain(AdminRequest request) throws AdminException {
    String name = request.part(1);
    return Address.canonicalDomain(name)
        .filter(canonical -> directory.domain(canonical).isPresent())
        .orElseThrow(() -> AdminException.notFound("there is no domain " + name));
  }

  private DkimKey key(String domain, String selector) throws AdminException {
    return keys.key(domain, selector.toLowerCase(Locale.ROOT))
        .orElseThrow(
            () -> AdminException.notFound(domain + " has no key of the selector " + selector));
  }

  /**
   * Keys to make.
   *
   * @param selector null for one that names the day
   */
  public record New(List<String> algorithms, @Nullable String selector) {}

  /** A private key that was made elsewhere. No log and no answer has it. */
  public record Import(String key) {
    @Override
    public String toString() {
      return "Import[key not shown]";
    }
  }

  /**
   * What is to become of a key.
   *
   * @param order {@code activate} or {@code retire}
   * @param unchecked whether to activate it though DNS does not have it
   */
  public record Order(String order, boolean unchecked) {}

  /**
   * A key as it is shown.
   *
   * @param publishedUntil of a retired one
   * @param line its record as a line of a zone file
   */
  public record View(
      String domain,
      String selector,
      String algorithm,
      int bits,
      String state,
      Instant since,
      Instant made,
      boolean imported,
      @Nullable Instant publishedUntil,
      String record,
      String text,
      String line) {
    static View of(DkimKey key, Instant now) {
      return new View(
          key.domain(),
          key.selector(),
          key.algorithm().keyType(),
          key.bits(),
          key.state().name().toLowerCase(Locale.ROOT),
          key.since(),
          key.made(),
          key.imported(),
          key.state() == DkimKey.State.RETIRED ? key.publishedUntil() : null,
          key.recordName(),
          key.recordText(),
          Plan.key(key, now).line());
    }
  }

  /** A record that should be there, and what is. */
  public record RecordView(
      String name,
      String type,
      String value,
      String line,
      boolean needed,
      String remark,
      String state,
      List<String> found,
      String cause) {
    static RecordView of(Finding finding) {
      return new RecordView(
          finding.wanted().name(),
          finding.wanted().kind().name(),
          finding.wanted().value(),
          finding.wanted().line(),
          finding.wanted().needed(),
          finding.wanted().remark(),
          finding.state().name().toLowerCase(Locale.ROOT),
          finding.found(),
          finding.cause());
    }
  }
}
