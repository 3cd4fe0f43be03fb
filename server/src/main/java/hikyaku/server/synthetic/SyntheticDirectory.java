package hikyaku.server.synthetic;

import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Domain;
import hikyaku.server.directory.Resolution;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A world in which there are synthetic users and nobody else. */
public final class SyntheticDirectory implements Directory {
  private final SyntheticAccounts accounts;

  public SyntheticDirectory(SyntheticAccounts accounts) {
    this.accounts = accounts;
  }

  @Override
  public Optional<Account> account(String id) {
    return accounts.account(id);
  }

  @Override
  public Optional<Account> accountByAddress(Address address) {
    return accounts.account(address);
  }

  @Override
  public Resolution resolve(String localPart, String domain) {
    return Address.of(localPart, domain)
        .flatMap(address ->
            accounts
                .account(address)
                .<Resolution>map(account ->
                    new Resolution.Local(
                        List.of(new Resolution.Target(account, account.primary(), "")))))
        .orElseGet(() ->
            domain.equals(accounts.domain())
                ? new Resolution.UnknownRecipient()
                : new Resolution.NotLocal());
  }

  @Override
  public Resolution resolvePostmaster() {
    return new Resolution.UnknownRecipient();
  }

  @Override
  public Optional<Domain> domain(String name) {
    return Optional.empty();
  }

  @Override
  public List<Domain> domains(@Nullable String after, int limit) {
    return List.of();
  }

  @Override
  public List<Account> accounts(String domain, @Nullable Address after, int limit) {
    return List.of();
  }

  @Override
  public List<Alias> aliases(String domain, @Nullable Address after, int limit) {
    return List.of();
  }
}
