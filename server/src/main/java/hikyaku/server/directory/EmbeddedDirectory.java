package hikyaku.server.directory;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.LogStore;
import hikyaku.server.directory.Folds.Existing;
import hikyaku.server.directory.Folds.Gathered;
import hikyaku.server.directory.Folds.Listed;
import hikyaku.server.directory.Folds.Pair;
import java.text.Normalizer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The directory on the store's own logs, as far as it is read. */
public final class EmbeddedDirectory implements Directory, CredentialSource {
  /** Domains that are asked for a postmaster when none is said to be the default. */
  private static final int POSTMASTER_DOMAINS = 16;

  /** The id of no account, looked up for addresses that nobody has. */
  private static final String DECOY = "a".repeat(12);

  private final Folds folds;
  private final DirectoryLimits limits;
  private final Optional<String> defaultDomain;

  /**
   * Reads a store's logs.
   *
   * @param defaultDomain whose postmaster a bare {@code postmaster} is; empty for the first domain
   *     that has one
   */
  public EmbeddedDirectory(LogStore logs, DirectoryLimits limits, Optional<String> defaultDomain) {
    this.folds = new Folds(logs, limits.cachedFolds());
    this.limits = limits;
    this.defaultDomain = defaultDomain;
  }

  Folds folds() {
    return folds;
  }

  DirectoryLimits limits() {
    return limits;
  }

  @Override
  public Optional<Account> account(String id) {
    return Optional.ofNullable(folds.existing(id)).map(Existing::account);
  }

  @Override
  public Optional<Routing> routing(String id) {
    return Optional.ofNullable(folds.existing(id)).map(existing -> existing.state().routing());
  }

  @Override
  public Optional<Account> accountByAddress(Address address) {
    Pair pair = folds.pair(address);
    return pair.domain().state().exists()
            && pair.address().state() instanceof AddressState.OfAccount(String id)
        ? account(id)
        : Optional.empty();
  }

  @Override
  public Resolution resolve(String localPart, String domain) {
    Optional<Address> address = Address.of(localPart, domain);
    if (address.isPresent()) {
      String spelling = Normalizer.normalize(localPart, Normalizer.Form.NFC);
      return new Resolver(folds, limits).resolve(address.get(), spelling);
    }
    return domain(domain).isPresent()
        ? new Resolution.UnknownRecipient()
        : new Resolution.NotLocal();
  }

  @Override
  public Resolution resolvePostmaster() {
    List<String> names =
        defaultDomain
            .map(List::of)
            .orElseGet(() -> domains(null, POSTMASTER_DOMAINS).stream().map(Domain::name).toList());
    return names.stream()
        .map(name -> resolve("postmaster", name))
        .filter(Resolution.Local.class::isInstance)
        .findFirst()
        .orElseGet(Resolution.UnknownRecipient::new);
  }

  @Override
  public Optional<Domain> domain(String name) {
    return Address.canonicalDomain(name)
        .flatMap(canonical -> {
          DomainState state = folds.domain(canonical).state();
          return state.exists() ? Optional.of(state.domain(canonical)) : Optional.empty();
        });
  }

  @Override
  public List<Domain> domains(@Nullable String after, int limit) {
    Gathered<Domain> found = new Gathered<>(limit);
    folds.eachDomain(
        after, each -> !each.state().exists() || found.add(each.state().domain(each.name())));
    return found.list();
  }

  @Override
  public List<Account> accounts(String domain, @Nullable Address after, int limit) {
    Gathered<Account> found = new Gathered<>(limit);
    eachListed(
        domain,
        after,
        listed -> {
          if (listed.state() instanceof AddressState.OfAccount(String id)) {
            Optional<Account> account = account(id);
            return account.isEmpty() || found.add(account.get());
          }
          return true;
        });
    return found.list();
  }

  @Override
  public Optional<Alias> alias(Address address) {
    Folds.Pair pair = folds.pair(address);
    return pair.domain().state().exists()
            && pair.address().state() instanceof AddressState.IsAlias alias
        ? Optional.of(new Alias(address, alias.targets(), alias.writers()))
        : Optional.empty();
  }

  @Override
  public List<Alias> aliases(String domain, @Nullable Address after, int limit) {
    Gathered<Alias> found = new Gathered<>(limit);
    eachListed(
        domain,
        after,
        listed ->
            !(listed.state() instanceof AddressState.IsAlias alias)
                || found.add(new Alias(listed.address(), alias.targets(), alias.writers())));
    return found.list();
  }

  @Override
  public List<Address> lists(String domain, @Nullable Address after, int limit) {
    Gathered<Address> found = new Gathered<>(limit);
    eachListed(
        domain,
        after,
        listed -> !(listed.state() instanceof AddressState.IsList) || found.add(listed.address()));
    return found.list();
  }

  private void eachListed(String name, @Nullable Address after, Folds.Visitor<Listed> visitor) {
    domain(name).ifPresent(domain -> folds.eachAddress(domain.name(), after, visitor));
  }

  @Override
  public Optional<Known> find(Address address) {
    return look(address).known();
  }

  @Override
  public Lookup look(Address address) {
    Pair pair = folds.pair(address);
    DomainState domain = pair.domain().state();
    String id = pair.address().state() instanceof AddressState.OfAccount(String of) ? of : DECOY;
    AccountState state = folds.accountState(id);
    if (!domain.exists() || !state.exists() || !address.equals(state.primary())) {
      // The server that has the other accounts of the domain may know this one.
      boolean perhaps =
          domain.exists()
              && !domain.suspended()
              && pair.address().state() instanceof AddressState.Free;
      return new Lookup(
          Optional.empty(), perhaps ? domain.settings().routing().effective().backend() : "");
    }
    Account account = state.account(id, address, domain);
    return new Lookup(Optional.of(known(id, state, account)), account.routing().backend());
  }

  @Override
  public Optional<Known> known(String accountId) {
    return Optional.ofNullable(folds.existing(accountId))
        .map(existing -> known(accountId, existing.state(), existing.account()));
  }

  private static Known known(String id, AccountState state, Account account) {
    return new Known(
        account,
        new Credentials(
            id, state.seq(), state.secretsSince(), state.password(), state.sharedSecret()));
  }

  @Override
  public boolean rehash(String accountId, long seen, Credentials.Password replacement) {
    Append append =
        new Append(
            Folds.accountLog(accountId),
            List.of(AccountState.passwordRehashed(replacement)),
            Append.Expect.at(seen),
            null);
    return folds.logs.append(append) instanceof Appended;
  }

  /** Whether anything in the directory has this address. */
  boolean taken(AddressState state) {
    return switch (state) {
      case AddressState.Free() -> false;
      case AddressState.IsAlias _, AddressState.IsList _ -> true;
      case AddressState.OfAccount(String id) -> folds.accountState(id).exists();
    };
  }
}
