package hikyaku.server.queue;

import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Domain;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.ListRole;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Resolution;
import hikyaku.server.directory.Service;
import hikyaku.server.directory.Writers;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Two accounts, {@code me@home.test} and {@code other@home.test}; the aliases {@code both}, which
 * leads to them, {@code team}, which leads to me and to somebody elsewhere, {@code group}, which
 * leads to me and to the list {@code news}, {@code lists}, which leads to the lists {@code old} and
 * {@code news}, and {@code staff}, which is not for everybody.
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

  static final Account OTHER =
      new Account(
          "id-other",
          new Address("other", "home.test"),
          "",
          Quota.NONE,
          false,
          EnumSet.allOf(Service.class));

  static final Address NEWS = new Address("news", "home.test");
  static final Address OLD = new Address("old", "home.test");

  private volatile Account account = ME;
  private volatile Account other = OTHER;

  /** From now on I may hold so much. */
  void quota(Quota quota) {
    account = with(quota, ME);
  }

  /** From now on the other one may hold so much. */
  void otherQuota(Quota quota) {
    other = with(quota, OTHER);
  }

  private static Account with(Quota quota, Account of) {
    return new Account(of.id(), of.primary(), "", quota, false, EnumSet.allOf(Service.class));
  }

  @Override
  public Resolution resolve(String localPart, String domain) {
    if (!domain.equals("home.test")) {
      return new Resolution.NotLocal();
    }
    List<Resolution.Target> me = List.of(new Resolution.Target(account, ME.primary(), ""));
    List<Resolution.Target> others = List.of(new Resolution.Target(other, OTHER.primary(), ""));
    return switch (localPart) {
      case "me" -> new Resolution.Local(me);
      case "other" -> new Resolution.Local(others);
      case "both" -> new Resolution.Local(List.of(me.getFirst(), others.getFirst()));
      case "group" ->
          new Resolution.Local(
              me,
              List.of(),
              List.of(new Resolution.Listed(NEWS, ListRole.POST, "")),
              Writers.ANYONE);
      case "lists" ->
          new Resolution.Local(
              List.of(),
              List.of(),
              Stream.of(OLD, NEWS)
                  .map(list -> new Resolution.Listed(list, ListRole.POST, ""))
                  .toList(),
              Writers.ANYONE);
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
    return Stream.of(account, other).filter(each -> each.id().equals(id)).findFirst();
  }

  @Override
  public Optional<Account> accountByAddress(Address address) {
    return Stream.of(account, other).filter(each -> each.primary().equals(address)).findFirst();
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
