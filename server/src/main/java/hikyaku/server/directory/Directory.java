package hikyaku.server.directory;

import hikyaku.mailbox.store.StoreException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads who exists. Answers are current: a change that was acknowledged before the question is seen
 * by it.
 *
 * <p>Safe for use by many threads. Every method but {@link #forLogs} may throw {@link
 * StoreException} when the source cannot be read now, which servers answer with a temporary
 * refusal.
 */
public interface Directory {

  /** The account with this id, suspended ones included, removed ones not. */
  Optional<Account> account(String id);

  /**
   * How logs name the account with this id: by its address, or by the id where nobody has it or
   * that cannot be read now. It fails nothing that is durable already.
   */
  default String forLogs(String id) {
    try {
      return account(id).map(found -> found.primary().toString()).orElse(id);
    } catch (StoreException e) {
      return id;
    }
  }

  /** What the account with this id says itself of where it is served, if there is one. */
  default Optional<Routing> routing(String id) {
    return account(id).map(Account::routing);
  }

  /**
   * The account whose address this is: its primary one. No aliases, no sub-address, no catch-all;
   * this is the lookup of a login.
   */
  Optional<Account> accountByAddress(Address address);

  /**
   * What a recipient address stands for: aliases, sub-addresses, postmaster and catch-all done.
   *
   * @param localPart unquoted, as the client spelled it; the case of its detail is kept
   * @param domain in any spelling; what is no domain, an address literal for one, is not local
   */
  Resolution resolve(String localPart, String domain);

  /** What an address of our own stands for. */
  default Resolution resolve(Address recipient) {
    return resolve(recipient.localPart(), recipient.domain());
  }

  /** Whether mail for an address reaches an account, which may therefore write under it. */
  default boolean belongsTo(Address address, Account account) {
    return resolve(address) instanceof Resolution.Local local
        && local.targets().stream().anyMatch(target -> target.account().id().equals(account.id()));
  }

  /** What RCPT TO with a bare {@code postmaster} stands for (RFC 5321 §4.5.1). */
  Resolution resolvePostmaster();

  /** The domain, if its mail is ours. */
  Optional<Domain> domain(String name);

  /** Domains in order of name, behind {@code after} if given. */
  List<Domain> domains(@Nullable String after, int limit);

  /** Accounts of a domain in order of address, behind {@code after} if given. */
  List<Account> accounts(String domain, @Nullable Address after, int limit);

  /** Aliases of a domain in order of address, behind {@code after} if given. */
  List<Alias> aliases(String domain, @Nullable Address after, int limit);

  /** Addresses of mailing lists of a domain in order, behind {@code after} if given. */
  default List<Address> lists(String domain, @Nullable Address after, int limit) {
    return List.of();
  }

  /** The alias of this address itself, if it is one. */
  default Optional<Alias> alias(Address address) {
    return Optional.empty();
  }

  /**
   * An address that stands for others.
   *
   * @param targets at least one address: accounts, other aliases, and addresses of other services
   */
  record Alias(Address address, List<Address> targets, Writers writers) {
    public Alias {
      targets = List.copyOf(targets);
    }
  }
}
