package hikyaku.server.imap;

import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Domain;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Resolution;
import hikyaku.server.directory.Writers;
import hikyaku.server.testing.FakeAuthenticator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Everybody at demo.test who can log in, but {@code nobody} and who was removed; {@code team}
 * stands for bob and carol, and {@code admin} looks after the domain.
 */
final class FakeDirectory implements Directory {
  private static final Address TEAM = new Address("team", "demo.test");

  private final Set<String> removed = new HashSet<>(Set.of("nobody", "team"));

  private final Map<String, Quota> quotas = new ConcurrentHashMap<>();

  /** Of {@code small}, what its domain says is what the authenticator knows. */
  void setQuota(String id, Optional<Quota> quota) {
    quota.ifPresentOrElse(known -> quotas.put(id, known), () -> quotas.remove(id));
  }

  private Account withQuota(Account account) {
    return new Account(
        account.id(),
        account.primary(),
        account.displayName(),
        quotas.getOrDefault(account.id(), account.quota()),
        account.suspended(),
        account.services());
  }

  synchronized void remove(String user) {
    removed.add(user);
  }

  private synchronized boolean isThere(String user) {
    return !removed.contains(user);
  }

  @Override
  public Optional<Account> account(String id) {
    return Optional.of(id.substring("id".length()))
        .filter(this::isThere)
        .map(FakeAuthenticator::account)
        .map(this::withQuota);
  }

  @Override
  public Optional<Account> accountByAddress(Address address) {
    return Optional.of(address)
        .filter(known -> known.domain().equals("demo.test"))
        .flatMap(known -> account("id" + known.localPart()));
  }

  @Override
  public Optional<Alias> alias(Address address) {
    return address.equals(TEAM)
        ? Optional.of(
            new Alias(
                TEAM,
                List.of(new Address("bob", "demo.test"), new Address("carol", "demo.test")),
                Writers.ANYONE))
        : Optional.empty();
  }

  @Override
  public Resolution resolve(String localPart, String domain) {
    List<Account> members =
        alias(new Address(localPart, domain)).stream()
            .flatMap(alias -> alias.targets().stream())
            .flatMap(target -> accountByAddress(target).stream())
            .toList();
    return members.isEmpty()
        ? new Resolution.UnknownRecipient()
        : new Resolution.Local(
            members.stream()
                .map(member -> new Resolution.Target(member, member.primary(), ""))
                .toList());
  }

  @Override
  public Resolution resolvePostmaster() {
    return new Resolution.UnknownRecipient();
  }

  @Override
  public Optional<Domain> domain(String name) {
    return Optional.of(name)
        .filter("demo.test"::equals)
        .map(known -> new Domain(known, DomainSettings.DEFAULTS, false, List.of("idadmin")));
  }

  @Override
  public List<Domain> domains(String after, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<Account> accounts(String domain, Address after, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<Alias> aliases(String domain, Address after, int limit) {
    throw new UnsupportedOperationException();
  }
}
