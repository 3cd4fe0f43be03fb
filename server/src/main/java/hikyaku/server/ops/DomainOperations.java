package hikyaku.server.ops;

import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Directory.Alias;
import hikyaku.server.directory.DirectoryAdmin;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.directory.Domain;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.Language;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Resolution;
import hikyaku.server.directory.Writers;
import hikyaku.server.dkim.DkimKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Domains and aliases. */
public final class DomainOperations implements AdminApi.Group {
  /** How many of anything are listed in one answer. */
  static final int PAGE = 1000;

  private final Directory directory;
  private final DirectoryAdmin admin;
  private final DkimKeys keys;

  /**
   * @param keys are forgotten with their domain
   */
  public DomainOperations(Directory directory, DirectoryAdmin admin, DkimKeys keys) {
    this.directory = directory;
    this.admin = admin;
    this.keys = keys;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "domains", this::list);
    table.add("POST", "domains", this::create);
    table.add("GET", "domains/*", request -> AdminResponse.ok(view(domain(request.part(1)))));
    table.add("PUT", "domains/*", this::change);
    table.add("DELETE", "domains/*", this::remove);
    table.add("PUT", "domains/*/admins/*", request -> setAdmin(request, true));
    table.add("DELETE", "domains/*/admins/*", request -> setAdmin(request, false));
    table.add("GET", "domains/*/aliases", this::aliases);
    table.add("GET", "aliases/*", this::showAlias);
    table.add("PUT", "aliases/*", this::setAlias);
    table.add("POST", "aliases/*/targets", this::changeAlias);
    table.add("DELETE", "aliases/*", this::removeAlias);
  }

  private AdminResponse list(AdminRequest request) {
    List<Domain> page = directory.domains(request.parameter("after").orElse(null), PAGE);
    return AdminResponse.ok(page.stream().map(this::view).toList());
  }

  private AdminResponse create(AdminRequest request) throws AdminException, DirectoryException {
    String name = request.json(New.class).name();
    return AdminResponse.created(view(admin.createDomain(name, DomainSettings.DEFAULTS)));
  }

  private AdminResponse change(AdminRequest request) throws AdminException, DirectoryException {
    Change change = request.json(Change.class);
    Domain domain = domain(request.part(1));
    DomainSettings settings = domain.settings();
    if (change.catchAll != null) {
      settings = settings.withCatchAll(addressOrNone(change.catchAll));
    }
    if (change.postmaster != null) {
      settings = settings.withPostmaster(addressOrNone(change.postmaster));
    }
    if (change.quotaOctets != null || change.quotaMessages != null) {
      Quota old = settings.quota();
      settings =
          settings.withQuota(
              new Quota(
                  change.quotaOctets == null ? old.octets() : change.quotaOctets,
                  change.quotaMessages == null ? old.messages() : change.quotaMessages));
    }
    if (change.separators != null) {
      settings = withSeparators(settings, change.separators);
    }
    if (change.language != null) {
      settings = settings.withLanguage(languageOrNone(change.language));
    }
    if (!settings.equals(domain.settings())) {
      admin.setDomainSettings(domain.name(), settings);
    }
    if (change.suspended != null && change.suspended != domain.suspended()) {
      admin.setDomainSuspended(domain.name(), change.suspended);
    }
    return AdminResponse.ok(view(domain(domain.name())));
  }

  private static DomainSettings withSeparators(DomainSettings settings, String separators)
      throws AdminException {
    try {
      return settings.withSeparators(separators);
    } catch (IllegalArgumentException e) {
      throw AdminException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  private AdminResponse setAdmin(AdminRequest request, boolean is)
      throws AdminException, DirectoryException {
    Domain domain = domain(request.part(1));
    Address address = address(request.part(3));
    Account account =
        directory
            .accountByAddress(address)
            .orElseThrow(() -> AdminException.notFound("there is no account " + address));
    admin.setDomainAdmin(domain.name(), account.id(), is);
    return AdminResponse.ok(view(domain(domain.name())));
  }

  private View view(Domain domain) {
    List<String> admins =
        domain.admins().stream()
            .flatMap(id -> directory.account(id).stream())
            .map(account -> account.primary().toString())
            .toList();
    return View.of(domain, admins);
  }

  private AdminResponse remove(AdminRequest request) throws AdminException, DirectoryException {
    String name = domain(request.part(1)).name();
    admin.removeDomain(name);
    keys.forget(name);
    return AdminResponse.done();
  }

  private AdminResponse aliases(AdminRequest request) throws AdminException {
    Optional<String> after = request.parameter("after");
    Address from = after.isPresent() ? address(after.get()) : null;
    List<Alias> page = directory.aliases(domain(request.part(1)).name(), from, PAGE);
    return AdminResponse.ok(page.stream().map(AliasView::of).toList());
  }

  private AdminResponse setAlias(AdminRequest request) throws AdminException, DirectoryException {
    Address alias = address(request.part(1));
    Targets wanted = request.json(Targets.class);
    Writers writers =
        Writers.of(wanted.writers == null ? Writers.ANYONE.word() : wanted.writers)
            .orElseThrow(() -> AdminException.badRequest("writers are anyone, domain or members"));
    admin.setAlias(alias, addresses(wanted.targets), writers);
    return AdminResponse.ok(view(alias));
  }

  private AdminResponse changeAlias(AdminRequest request)
      throws AdminException, DirectoryException {
    Address alias = address(request.part(1));
    TargetsChange change = request.json(TargetsChange.class);
    admin.changeAlias(alias, addresses(change.added), addresses(change.removed));
    return AdminResponse.ok(view(alias));
  }

  private AliasView view(Address address) throws AdminException {
    return directory
        .alias(address)
        .map(AliasView::of)
        .orElseThrow(() -> AdminException.notFound("there is no alias " + address));
  }

  /** With whom mail for it ends up. */
  private AdminResponse showAlias(AdminRequest request) throws AdminException {
    Address address = address(request.part(1));
    AliasView alias = view(address);
    List<String> accounts = List.of();
    List<String> elsewhere = List.of();
    List<String> lists = List.of();
    String problem = "";
    switch (directory.resolve(address)) {
      case Resolution.Local local -> {
        accounts =
            local.targets().stream().map(target -> target.account().primary().toString()).toList();
        elsewhere = local.elsewhere().stream().map(Address::toString).toList();
        lists = local.lists().stream().map(listed -> listed.list().toString()).toList();
      }
      case Resolution.Suspended _ -> problem = "all that it leads to are suspended";
      case Resolution.TooManyExpansions(String cause) -> problem = cause;
      case Resolution.UnknownRecipient _, Resolution.NotLocal _ -> problem = "it leads to nobody";
    }
    return AdminResponse.ok(new Expansion(alias, accounts, elsewhere, lists, problem));
  }

  private static List<Address> addresses(@Nullable List<String> texts) throws AdminException {
    List<Address> addresses = new ArrayList<>();
    for (String text : texts == null ? List.<String>of() : texts) {
      addresses.add(address(text));
    }
    return addresses;
  }

  private AdminResponse removeAlias(AdminRequest request)
      throws AdminException, DirectoryException {
    admin.removeAlias(address(request.part(1)));
    return AdminResponse.done();
  }

  private Domain domain(String name) throws AdminException {
    return Address.canonicalDomain(name)
        .flatMap(directory::domain)
        .orElseThrow(() -> AdminException.notFound("there is no domain " + name));
  }

  private static Optional<Address> addressOrNone(String text) throws AdminException {
    return text.isEmpty() ? Optional.empty() : Optional.of(address(text));
  }

  private static Optional<Language> languageOrNone(String tag) throws AdminException {
    Optional<Language> language = Language.of(tag);
    if (language.isEmpty() && !tag.isEmpty()) {
      throw AdminException.badRequest("the language is en or ja");
    }
    return language;
  }

  /** The address in a request, or a refusal. */
  static Address address(String text) throws AdminException {
    return Address.parse(text)
        .orElseThrow(
            () -> AdminException.badRequest("\"" + text + "\" is no address; write user@domain"));
  }

  /** A domain to make. */
  public record New(String name) {}

  /** What to change of a domain; null leaves it, an empty text takes it away. */
  public record Change(
      @Nullable String catchAll,
      @Nullable String postmaster,
      @Nullable Long quotaOctets,
      @Nullable Long quotaMessages,
      @Nullable String separators,
      @Nullable String language,
      @Nullable Boolean suspended) {}

  /**
   * What an alias is to be.
   *
   * @param writers a word of {@link Writers}; null for anyone
   */
  public record Targets(List<String> targets, @Nullable String writers) {}

  /** What is to be different of where an alias leads. */
  public record TargetsChange(@Nullable List<String> added, @Nullable List<String> removed) {}

  /**
   * Where mail for an alias ends up.
   *
   * @param accounts their addresses
   * @param elsewhere addresses of other services
   * @param lists addresses of mailing lists
   * @param problem why it is not taken, or empty
   */
  public record Expansion(
      AliasView alias,
      List<String> accounts,
      List<String> elsewhere,
      List<String> lists,
      String problem) {}

  /**
   * A domain as it is shown.
   *
   * @param admins addresses of the accounts that look after it
   */
  public record View(
      String name,
      boolean suspended,
      String catchAll,
      String postmaster,
      long quotaOctets,
      long quotaMessages,
      String separators,
      String language,
      String pool,
      String node,
      String backend,
      List<String> admins) {
    static View of(Domain domain, List<String> admins) {
      DomainSettings settings = domain.settings();
      return new View(
          domain.name(),
          domain.suspended(),
          settings.catchAll().map(Address::toString).orElse(""),
          settings.postmaster().map(Address::toString).orElse(""),
          settings.quota().octets(),
          settings.quota().messages(),
          settings.separators(),
          settings.language().map(Language::tag).orElse(""),
          settings.routing().pool(),
          settings.routing().node(),
          settings.routing().backend(),
          admins);
    }
  }

  /** An alias as it is shown. */
  public record AliasView(String address, List<String> targets, String writers) {
    static AliasView of(Alias alias) {
      return new AliasView(
          alias.address().toString(),
          alias.targets().stream().map(Address::toString).toList(),
          alias.writers().word());
    }
  }
}
