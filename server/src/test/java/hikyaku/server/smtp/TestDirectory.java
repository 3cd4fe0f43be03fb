package hikyaku.server.smtp;

import hikyaku.mailbox.store.StoreException;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Domain;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.Language;
import hikyaku.server.directory.ListRole;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Resolution;
import hikyaku.server.directory.Service;
import hikyaku.server.directory.Writers;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A directory in memory: {@code u1}, {@code u2}, {@code u3} and {@code zoë} at demo.test, {@code
 * small} with a quota of 1000 octets, {@code gone} suspended, aliases {@code info} (u1, u2) and
 * {@code team} (info, u1, small), {@code group} (u1, two elsewhere), {@code away} (one of these),
 * {@code staff} for writers of the domain, {@code club} (u1, one elsewhere) for members, {@code
 * loop} which cannot be expanded, the mailing lists {@code news} and {@code mod} as soon as they
 * are made, and the domain catch.test whose catch-all is u3 and whose language is Japanese.
 */
final class TestDirectory implements Directory {
  private static final Domain DEMO =
      new Domain("demo.test", DomainSettings.DEFAULTS, false, List.of());
  private static final Domain CATCH =
      new Domain(
          "catch.test",
          DomainSettings.DEFAULTS.withLanguage(Optional.of(Language.JA)),
          false,
          List.of());

  private final Map<String, Account> accounts = new LinkedHashMap<>();

  TestDirectory() {
    add("u1", Quota.NONE, false);
    add("u2", Quota.NONE, false);
    add("u3", Quota.NONE, false);
    add("zo\u00eb", Quota.NONE, false);
    add("small", new Quota(1000, Quota.UNLIMITED), false);
    add("gone", Quota.NONE, true);
  }

  private void add(String name, Quota quota, boolean suspended) {
    Address address = new Address(name, "demo.test");
    accounts.put(
        name,
        new Account("id-" + name, address, "", quota, suspended, EnumSet.allOf(Service.class)));
  }

  Account named(String name) {
    return Optional.ofNullable(accounts.get(name)).orElseThrow();
  }

  /** Whether accounts cannot be looked up by their ids. */
  volatile boolean unreachable;

  /** At demo.test; empty for the usual one. */
  volatile String postmaster = "";

  @Override
  public Resolution resolve(String localPart, String domain) {
    Optional<Address> recipient = Address.of(localPart, domain);
    if (recipient.isEmpty()) {
      return new Resolution.NotLocal();
    }
    String local = recipient.get().localPart();
    return switch (recipient.get().domain()) {
      case "demo.test" ->
          switch (local) {
            case "info" -> local("", "u1", "u2");
            case "team" -> local("", "u1", "u2", "small");
            case "loop" -> new Resolution.TooManyExpansions("info and loop name each other");
            case "group" -> alias(Writers.ANYONE, List.of("x@b.example", "y@b.example"), "u1");
            case "away" -> alias(Writers.ANYONE, List.of("x@b.example"));
            case "staff" -> alias(Writers.DOMAIN, List.of(), "u1", "u2");
            case "club" -> alias(Writers.MEMBERS, List.of("jo@a.example"), "u1");
            case "news", "mod" -> list(new Resolution.Listed(recipient.get(), ListRole.POST, ""));
            case "gone" -> new Resolution.Suspended();
            case "postmaster" -> resolvePostmaster();
            default -> {
              Optional<Resolution.Listed> listed =
                  ListRole.parse(recipient.get())
                      .filter(l -> List.of("news", "mod").contains(l.list().localPart()));
              if (listed.isPresent()) {
                yield list(listed.get());
              }
              int plus = local.indexOf('+');
              String user = plus < 0 ? local : local.substring(0, plus);
              yield accounts.containsKey(user)
                  ? local(plus < 0 ? "" : local.substring(plus + 1), user)
                  : new Resolution.UnknownRecipient();
            }
          };
      case "catch.test" -> local("", "u3");
      default -> new Resolution.NotLocal();
    };
  }

  private Resolution local(String detail, String... users) {
    return new Resolution.Local(targets(detail, users));
  }

  private Resolution alias(Writers writers, List<String> elsewhere, String... users) {
    return new Resolution.Local(
        targets("", users),
        elsewhere.stream().map(each -> Address.parse(each).orElseThrow()).toList(),
        writers);
  }

  private static Resolution list(Resolution.Listed list) {
    return new Resolution.Local(List.of(), List.of(), List.of(list), Writers.ANYONE);
  }

  private List<Resolution.Target> targets(String detail, String... users) {
    return List.of(users).stream()
        .map(user -> new Resolution.Target(named(user), named(user).primary(), detail))
        .toList();
  }

  @Override
  public Optional<Alias> alias(Address address) {
    boolean alias =
        List.of("info", "team", "group", "away", "staff", "club").contains(address.localPart())
            && address.domain().equals("demo.test");
    return alias && resolve(address) instanceof Resolution.Local local
        ? Optional.of(
            new Alias(
                address,
                local.targets().stream().map(Resolution.Target::reachedBy).toList(),
                local.writers()))
        : Optional.empty();
  }

  @Override
  public Resolution resolvePostmaster() {
    return postmaster.isEmpty() ? local("", "u2") : resolve(postmaster, "demo.test");
  }

  @Override
  public Optional<Account> account(String id) {
    if (unreachable) {
      throw new StoreException.Unavailable("ordered failure of the directory", null);
    }
    return accounts.values().stream().filter(account -> account.id().equals(id)).findFirst();
  }

  @Override
  public Optional<Account> accountByAddress(Address address) {
    return accounts.values().stream().filter(a -> a.primary().equals(address)).findFirst();
  }

  @Override
  public Optional<Domain> domain(String name) {
    return List.of(DEMO, CATCH).stream().filter(domain -> domain.name().equals(name)).findFirst();
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
