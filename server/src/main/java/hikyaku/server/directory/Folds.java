package hikyaku.server.directory;

import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The logs of the directory and their folds, each brought up to its head when asked for. */
final class Folds {
  static final String DOMAINS = "domain/";
  static final String ADDRESSES = "address/";
  static final String ACCOUNTS = "account/";

  private static final Pattern ACCOUNT_ID = Pattern.compile("[a-z2-7]{12}");
  private static final int PAGE = 200;

  final LogStore logs;
  private final FoldCache<DomainState> domains;
  private final FoldCache<AddressState> addresses;
  private final FoldCache<AccountState> accounts;

  Folds(LogStore logs, int cached) {
    this.logs = logs;
    domains = new FoldCache<>(logs, DomainState.NONE, DomainState::apply, cached);
    addresses = new FoldCache<>(logs, new AddressState.Free(), AddressState::apply, cached);
    accounts = new FoldCache<>(logs, AccountState.NONE, AccountState::apply, cached);
  }

  /** A state and the sequence at which it was true. */
  record At<S>(long seq, S state) {}

  /** A domain and an address in it, from one look at the heads. */
  record Pair(At<DomainState> domain, At<AddressState> address) {}

  static LogName domainLog(String domain) {
    return new LogName(DOMAINS + domain);
  }

  static LogName addressLog(Address address) {
    return new LogName(addressPrefix(address.domain()) + address.localPart());
  }

  static String addressPrefix(String domain) {
    return ADDRESSES + domain + "/";
  }

  static LogName accountLog(String id) {
    return new LogName(ACCOUNTS + id);
  }

  static boolean isAccountId(String id) {
    return ACCOUNT_ID.matcher(id).matches();
  }

  At<DomainState> domain(String name) {
    LogName log = domainLog(name);
    return at(domains, log, logs.head(log));
  }

  At<AddressState> address(Address address) {
    LogName log = addressLog(address);
    return at(addresses, log, logs.head(log));
  }

  AccountState accountState(String id) {
    if (!isAccountId(id)) {
      return AccountState.NONE;
    }
    LogName log = accountLog(id);
    return accounts.at(log, logs.head(log));
  }

  Pair pair(Address address) {
    LogName domainLog = domainLog(address.domain());
    LogName addressLog = addressLog(address);
    Map<LogName, Head> heads = logs.heads(List.of(domainLog, addressLog));
    return new Pair(
        at(domains, domainLog, heads.getOrDefault(domainLog, Head.NONE)),
        at(addresses, addressLog, heads.getOrDefault(addressLog, Head.NONE)));
  }

  /**
   * The account's state if the account exists, which its domain, its address and its own log all
   * have to say.
   */
  @Nullable Existing existing(String id) {
    AccountState state = accountState(id);
    Address primary = state.primary();
    if (primary == null || !state.exists()) {
      return null;
    }
    Pair pair = pair(primary);
    boolean named = pair.address.state.equals(new AddressState.OfAccount(id));
    return named && pair.domain.state.exists()
        ? new Existing(id, primary, state, pair.domain.state)
        : null;
  }

  /** An account that exists. */
  record Existing(String id, Address primary, AccountState state, DomainState domain) {
    Account account() {
      return state.account(id, primary, domain);
    }
  }

  /** An address of a list. */
  record Listed(Address address, AddressState state) {}

  /** Goes through the addresses of a domain in order, until the visitor has had enough. */
  void eachAddress(String domain, @Nullable Address after, Visitor<Listed> visitor) {
    String prefix = addressPrefix(domain);
    eachLog(
        prefix,
        after == null ? null : addressLog(after),
        (log, head) -> {
          Address address = new Address(log.value().substring(prefix.length()), domain);
          return visitor.visit(new Listed(address, addresses.at(log, head)));
        });
  }

  /** A domain of a list. */
  record ListedDomain(String name, DomainState state) {}

  /** Goes through all domains in order, removed ones included. */
  void eachDomain(@Nullable String after, Visitor<ListedDomain> visitor) {
    eachLog(
        DOMAINS,
        after == null ? null : domainLog(after),
        (log, head) ->
            visitor.visit(
                new ListedDomain(log.value().substring(DOMAINS.length()), domains.at(log, head))));
  }

  /** An account of a list. */
  record ListedAccount(String id, AccountState state) {}

  /** Goes through all accounts in order of id, removed and half-done ones included. */
  void eachAccount(Visitor<ListedAccount> visitor) {
    eachLog(
        ACCOUNTS,
        null,
        (log, head) ->
            visitor.visit(
                new ListedAccount(
                    log.value().substring(ACCOUNTS.length()), accounts.at(log, head))));
  }

  /** Goes through every address of every domain, also of domains that are not there. */
  void eachAddress(Visitor<Listed> visitor) {
    eachLog(
        ADDRESSES,
        null,
        (log, head) -> {
          String path = log.value().substring(ADDRESSES.length());
          int slash = path.indexOf('/');
          Address address = new Address(path.substring(slash + 1), path.substring(0, slash));
          return visitor.visit(new Listed(address, addresses.at(log, head)));
        });
  }

  /** Says whether to go on. */
  interface Visitor<T> {
    boolean visit(T each);
  }

  private void eachLog(
      String prefix, @Nullable LogName after, BiFunction<LogName, Head, Boolean> visitor) {
    @Nullable LogName last = after;
    while (true) {
      SequencedMap<LogName, Head> page = logs.list(prefix, last, PAGE);
      for (Map.Entry<LogName, Head> each : page.entrySet()) {
        if (!visitor.apply(each.getKey(), each.getValue())) {
          return;
        }
        last = each.getKey();
      }
      if (page.size() < PAGE) {
        return;
      }
    }
  }

  private static <S> At<S> at(FoldCache<S> cache, LogName log, Head head) {
    return new At<>(head.seq(), cache.at(log, head));
  }

  /** The elements that a walk finds, up to a limit. */
  static final class Gathered<T> {
    private final List<T> found = new ArrayList<>();
    private final int limit;

    Gathered(int limit) {
      this.limit = limit;
    }

    /** Takes an element and says whether there is room for more. */
    boolean add(T element) {
      found.add(element);
      return found.size() < limit;
    }

    List<T> list() {
      return List.copyOf(found);
    }
  }
}
