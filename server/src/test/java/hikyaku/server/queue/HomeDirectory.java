package hikyaku.server.queue;

import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Domain;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Resolution;
import hikyaku.server.directory.Service;
import hikyaku.server.directory.Writers;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/**
 * One account, {@code me@home.test}; the alias {@code team}, which leads to it and to somebody
 * elsewhere, and {@code staff}, which is not for everybody.
 */
final class HomeDirectory implements Directory {
  static final Account ME =
      new Account(
          "id-me",
          new Address("me", "home.test"),
          "",
          Quota.NONE,
          false,
          EnumSet.allOf(Service.class));

  private volatile Account account = ME;

  /** From now on the account may hold so much. */
  void quota(Quota quota) {
    account = new Account(ME.id(), ME.primary(), "", quota, false, EnumSet.allOf(Service.class));
  }

  @Override
  public Resolution resolve(String localPart, String domain) {
    if (!domain.equals("home.test")) {
      return new Resolution.NotLocal();
    }
    List<Resolution.Target> me = List.of(new Resolution.Target(account, ME.primary(), ""));
    return switch (localPart) {
      case "me" -> new Resolution.Local(me);
      case "team" ->
          new Resolution.Local(me, List.of(new Address("friend", "there.test")), Writers.ANYONE);
      case "staff" -> new Resolution.Local(me, List.of(), Writers.DOMAIN);
      default -> new Resolution.UnknownRecipient();
    };
  }

  @Override
  public Resolution resolvePostmaster() {
    return resolve("me", "home.test");
  }

  @Override
  public Optional<Account> account(String id) {
    return Optional.of(account).filter(each -> each.id().equals(id));
  }

  @Override
  public Optional<Account> accountByAddress(Address address) {
    return Optional.of(account).filter(each -> each.primary().equals(address));
  }

  @Override
  public Optional<Domain> domain(String name) {
    return name.equals("home.test")
        ? Optional.of(new Domain(name, DomainSettings.DEFAULTS, false, List.of()))
        : Optional.empty();
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
