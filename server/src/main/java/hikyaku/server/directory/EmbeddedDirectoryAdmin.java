package hikyaku.server.directory;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Append.Expect;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Conflict;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Outcome;
import hikyaku.server.directory.Directory.Alias;
import hikyaku.server.directory.Folds.At;
import hikyaku.server.directory.Folds.Existing;
import hikyaku.server.directory.Folds.Gathered;
import hikyaku.server.directory.Folds.Pair;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The directory on the store's own logs, as far as it is written.
 *
 * <p>There is no transaction across logs, so the order of appends is what keeps the directory
 * whole. Made: first the account's log, which nobody can find yet, then its address, which decides
 * between rivals. Removed: first the account's log says so, which ends it everywhere, then the
 * address is let go. A domain is closed to new addresses before it is searched for old ones, and
 * whoever makes an address looks at the domain once more afterwards: one of the two sees the other.
 */
public final class EmbeddedDirectoryAdmin implements DirectoryAdmin {
  private static final String BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
  private static final int ID_LENGTH = 12;

  private final EmbeddedDirectory directory;
  private final Folds folds;
  private final DirectoryLimits limits;
  private final CredentialMaker maker;
  private final RandomGenerator random;

  /**
   * Writes what the directory reads.
   *
   * @param random for account ids; a {@link java.security.SecureRandom} outside of tests
   */
  public EmbeddedDirectoryAdmin(
      EmbeddedDirectory directory, CredentialMaker maker, RandomGenerator random) {
    this.directory = directory;
    this.folds = directory.folds();
    this.limits = directory.limits();
    this.maker = maker;
    this.random = random;
  }

  @Override
  public Domain createDomain(String name, DomainSettings settings) throws DirectoryException {
    String domain = canonical(name);
    while (true) {
      At<DomainState> at = folds.domain(domain);
      if (at.state().exists()) {
        throw new DirectoryException.AlreadyExists("domain " + domain);
      }
      if (appended(Folds.domainLog(domain), at.seq(), DomainState.created(settings))) {
        return new Domain(domain, settings, false, List.of());
      }
    }
  }

  @Override
  public void setDomainSettings(String name, DomainSettings settings) throws DirectoryException {
    changeDomain(name, DomainState.settingsChanged(settings));
  }

  @Override
  public void setDomainSuspended(String name, boolean suspended) throws DirectoryException {
    changeDomain(name, DomainState.suspended(suspended));
  }

  @Override
  public void setDomainAdmin(String name, String accountId, boolean admin)
      throws DirectoryException {
    if (admin) {
      existing(accountId);
    }
    changeDomain(name, DomainState.admin(accountId, admin));
  }

  private void changeDomain(String name, Event event) throws DirectoryException {
    String domain = canonical(name);
    At<DomainState> at = existingDomain(domain);
    while (!appended(Folds.domainLog(domain), at.seq(), event)) {
      at = existingDomain(domain);
    }
  }

  @Override
  public void removeDomain(String name) throws DirectoryException {
    String domain = canonical(name);
    changeDomain(domain, DomainState.closing(true));
    boolean empty = empty(domain);
    changeDomain(domain, empty ? DomainState.removal() : DomainState.closing(false));
    if (!empty) {
      throw new DirectoryException.DomainNotEmpty(domain);
    }
  }

  private boolean empty(String domain) {
    Gathered<Address> first = new Gathered<>(1);
    folds.eachAddress(
        domain, null, listed -> !directory.taken(listed.state()) || first.add(listed.address()));
    return first.list().isEmpty();
  }

  @Override
  public Account createAccount(Address address, byte @Nullable [] password)
      throws DirectoryException {
    freeSeq(address);
    return create(address, password == null ? Optional.empty() : Optional.of(maker.hash(password)));
  }

  @Override
  public Account createAccountWithHash(Address address, String hash) throws DirectoryException {
    freeSeq(address);
    return create(address, Optional.of(maker.accept(hash)));
  }

  private Account create(Address address, Optional<Credentials.Password> password)
      throws DirectoryException {
    List<Event> events = new ArrayList<>();
    events.add(AccountState.created(address));
    password.ifPresent(kept -> events.add(AccountState.passwordSet(kept)));
    String id = newId(events);
    try {
      take(address, new AddressState.OfAccount(id));
    } catch (DirectoryException refused) {
      append(id, AccountState.removal());
      throw refused;
    }
    return existing(id).account();
  }

  /** Makes the log of a new account under an id that no account has had. */
  private String newId(List<Event> events) {
    while (true) {
      StringBuilder id = new StringBuilder(ID_LENGTH);
      for (int i = 0; i < ID_LENGTH; i++) {
        id.append(BASE32.charAt(random.nextInt(BASE32.length())));
      }
      LogName log = Folds.accountLog(id.toString());
      if (folds.logs.append(new Append(log, events, Expect.NEW, null)) instanceof Appended) {
        return id.toString();
      }
    }
  }

  /** Gives a free address to somebody, unless another is quicker or the domain goes meanwhile. */
  private void take(Address address, AddressState to) throws DirectoryException {
    long seq = freeSeq(address);
    while (!appended(Folds.addressLog(address), seq, to.event())) {
      seq = freeSeq(address);
    }
    confirmDomain(address, to);
  }

  /** Takes back a new address if its domain was closed before it could be seen. */
  private void confirmDomain(Address address, AddressState given) throws DirectoryException {
    if (!folds.domain(address.domain()).state().open()) {
      release(address, given);
      throw new DirectoryException.NoSuchDomain(address.domain());
    }
  }

  /** The sequence at which nobody has the address and its domain is open. */
  private long freeSeq(Address address) throws DirectoryException {
    Pair pair = folds.pair(address);
    if (!pair.domain().state().open()) {
      throw new DirectoryException.NoSuchDomain(address.domain());
    }
    if (directory.taken(pair.address().state())) {
      throw new DirectoryException.AlreadyExists("address " + address);
    }
    return pair.address().seq();
  }

  @Override
  public void removeAccount(String id) throws DirectoryException {
    Existing existing = existing(id);
    append(id, AccountState.removal());
    String domain = existing.primary().domain();
    if (existing.domain().admins().contains(id)) {
      append(Folds.domainLog(domain), DomainState.admin(id, false));
    }
    release(existing.primary(), new AddressState.OfAccount(id));
  }

  /** Frees an address as long as it is what it was. */
  private void release(Address address, AddressState from) {
    At<AddressState> at = folds.address(address);
    while (at.state().equals(from)
        && !appended(Folds.addressLog(address), at.seq(), new AddressState.Free().event())) {
      at = folds.address(address);
    }
  }

  @Override
  public void setPassword(String id, byte[] password) throws DirectoryException {
    change(id, AccountState.passwordSet(maker.hash(password)));
  }

  @Override
  public void setSharedSecret(String id, byte @Nullable [] secret) throws DirectoryException {
    change(
        id,
        secret == null
            ? AccountState.sharedSecretCleared()
            : AccountState.sharedSecretSet(maker.seal(id, secret)));
  }

  @Override
  public void setQuota(String id, Optional<Quota> quota) throws DirectoryException {
    change(id, AccountState.quota(quota));
  }

  @Override
  public void setSuspended(String id, boolean suspended) throws DirectoryException {
    change(id, AccountState.suspended(suspended));
  }

  @Override
  public void setServices(String id, Set<Service> services) throws DirectoryException {
    change(id, AccountState.services(services));
  }

  @Override
  public void setRouting(String id, Routing routing) throws DirectoryException {
    change(id, AccountState.routed(routing));
  }

  @Override
  public void setDisplayName(String id, String name) throws DirectoryException {
    if (name.length() > limits.displayName() || name.chars().anyMatch(Character::isISOControl)) {
      throw new DirectoryException.LimitExceeded(
          "a display name has at most "
              + limits.displayName()
              + " characters, no control characters among them");
    }
    change(id, AccountState.displayName(name));
  }

  /** Account events commute; one that comes after the removal says nothing. */
  private void change(String id, Event event) throws DirectoryException {
    existing(id);
    append(id, event);
  }

  @Override
  public void setAlias(Address address, List<Address> targets, Writers writers)
      throws DirectoryException {
    List<Address> distinct = List.copyOf(new LinkedHashSet<>(targets));
    checkTargets(address, distinct);
    AddressState to = new AddressState.IsAlias(distinct, writers);
    while (true) {
      Pair pair = folds.pair(address);
      if (!pair.domain().state().open()) {
        throw new DirectoryException.NoSuchDomain(address.domain());
      }
      AddressState now = pair.address().state();
      if (now instanceof AddressState.IsList) {
        throw new DirectoryException.AlreadyExists("list " + address);
      }
      if (now instanceof AddressState.OfAccount && directory.taken(now)) {
        throw new DirectoryException.AlreadyExists("account " + address);
      }
      if (appended(Folds.addressLog(address), pair.address().seq(), to.event())) {
        confirmDomain(address, to);
        return;
      }
    }
  }

  private void checkTargets(Address address, List<Address> targets) throws DirectoryException {
    if (targets.isEmpty()) {
      throw new DirectoryException.InvalidAddress("an alias needs an address to lead to");
    }
    if (targets.size() > limits.aliasTargets()) {
      throw new DirectoryException.LimitExceeded(
          "an alias leads to at most " + limits.aliasTargets() + " addresses");
    }
    for (Address target : targets) {
      if (target.equals(address)) {
        throw new DirectoryException.InvalidAddress(address + " would lead to itself");
      }
    }
  }

  @Override
  public Alias changeAlias(Address address, List<Address> added, List<Address> removed)
      throws DirectoryException {
    while (true) {
      At<AddressState> at = folds.address(address);
      if (!(at.state() instanceof AddressState.IsAlias before)) {
        throw new DirectoryException.NoSuchAlias(address);
      }
      SequencedSet<Address> targets = new LinkedHashSet<>(before.targets());
      removed.forEach(targets::remove);
      targets.addAll(added);
      List<Address> after = List.copyOf(targets);
      checkTargets(address, after);
      AddressState to = new AddressState.IsAlias(after, before.writers());
      if (to.equals(before) || appended(Folds.addressLog(address), at.seq(), to.event())) {
        return new Alias(address, after, before.writers());
      }
    }
  }

  @Override
  public void removeAlias(Address address) throws DirectoryException {
    AddressState state = folds.address(address).state();
    if (!(state instanceof AddressState.IsAlias)) {
      throw new DirectoryException.NoSuchAlias(address);
    }
    release(address, state);
  }

  @Override
  public void createList(Address address) throws DirectoryException {
    if (!(folds.address(address).state() instanceof AddressState.IsList)) {
      take(address, new AddressState.IsList());
    }
  }

  @Override
  public void removeList(Address address) {
    release(address, new AddressState.IsList());
  }

  private Existing existing(String id) throws DirectoryException {
    Existing existing = folds.existing(id);
    if (existing == null) {
      throw new DirectoryException.NoSuchAccount(id);
    }
    return existing;
  }

  private At<DomainState> existingDomain(String domain) throws DirectoryException {
    At<DomainState> at = folds.domain(domain);
    if (!at.state().exists()) {
      throw new DirectoryException.NoSuchDomain(domain);
    }
    return at;
  }

  private static String canonical(String name) throws DirectoryException {
    return Address.canonicalDomain(name)
        .orElseThrow(() -> new DirectoryException.InvalidAddress(name + " is no domain"));
  }

  private void append(String accountId, Event event) {
    append(Folds.accountLog(accountId), event);
  }

  private void append(LogName log, Event event) {
    Outcome outcome = folds.logs.append(Append.to(log, List.of(event)));
    if (outcome instanceof Conflict) {
      throw new IllegalStateException("log " + log + " is gone");
    }
  }

  /** Appends an event if the log is still where it was seen. */
  private boolean appended(LogName log, long seq, Event event) {
    return folds.logs.append(new Append(log, List.of(event), Expect.at(seq), null))
        instanceof Appended;
  }
}
