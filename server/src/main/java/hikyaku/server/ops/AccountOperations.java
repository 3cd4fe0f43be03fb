package hikyaku.server.ops;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Tally;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.DirectoryAdmin;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.directory.Domain;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Service;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Accounts. */
public final class AccountOperations implements AdminApi.Group {
  private final Directory directory;
  private final DirectoryAdmin admin;
  private final MailStore mail;
  private final @Nullable NodeStatus node;

  /**
   * @param node whose sessions end with an account; null if none runs
   */
  public AccountOperations(
      Directory directory, DirectoryAdmin admin, MailStore mail, @Nullable NodeStatus node) {
    this.directory = directory;
    this.admin = admin;
    this.mail = mail;
    this.node = node;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "accounts", this::list);
    table.add("POST", "accounts", this::create);
    table.add("GET", "accounts/*", request -> AdminResponse.ok(view(account(request))));
    table.add("PUT", "accounts/*", this::change);
    table.add("DELETE", "accounts/*", this::remove);
    table.add("PUT", "accounts/*/password", this::setPassword);
    table.add("PUT", "accounts/*/secret", this::setSecret);
  }

  private AdminResponse list(AdminRequest request) throws AdminException {
    Optional<String> after = request.parameter("after");
    Address from = after.isPresent() ? DomainOperations.address(after.get()) : null;
    Optional<String> domain = request.parameter("domain");
    List<Account> page =
        domain.isPresent()
            ? directory.accounts(domain.get(), from, DomainOperations.PAGE)
            : accountsOfAllDomains(from);
    return AdminResponse.ok(page.stream().map(this::view).toList());
  }

  private List<Account> accountsOfAllDomains(@Nullable Address after) {
    List<Account> page = new ArrayList<>();
    @Nullable String domain = null;
    if (after != null) {
      domain = after.domain();
      page.addAll(directory.accounts(domain, after, DomainOperations.PAGE));
    }
    while (page.size() < DomainOperations.PAGE) {
      List<Domain> next = directory.domains(domain, 1);
      if (next.isEmpty()) {
        break;
      }
      domain = next.getFirst().name();
      page.addAll(directory.accounts(domain, null, DomainOperations.PAGE - page.size()));
    }
    return page;
  }

  private AdminResponse create(AdminRequest request) throws AdminException, DirectoryException {
    New wanted = request.json(New.class);
    Address address = DomainOperations.address(wanted.address);
    Account account = create(address, wanted);
    if (wanted.displayName != null) {
      admin.setDisplayName(account.id(), wanted.displayName);
    }
    if (wanted.quotaOctets != null) {
      admin.setQuota(
          account.id(), Optional.of(new Quota(wanted.quotaOctets, account.quota().messages())));
    }
    return AdminResponse.created(view(account(address)));
  }

  private Account create(Address address, New wanted) throws AdminException, DirectoryException {
    if (wanted.hash != null) {
      if (wanted.password != null) {
        throw AdminException.badRequest("give a password or a hash, not both");
      }
      return admin.createAccountWithHash(address, wanted.hash);
    }
    byte[] password = wanted.password == null ? null : octets(wanted.password);
    try {
      return admin.createAccount(address, password);
    } finally {
      if (password != null) {
        Arrays.fill(password, (byte) 0);
      }
    }
  }

  private AdminResponse change(AdminRequest request) throws AdminException, DirectoryException {
    Change change = request.json(Change.class);
    Account account = account(request);
    if (change.displayName != null) {
      admin.setDisplayName(account.id(), change.displayName);
    }
    if (change.services != null) {
      admin.setServices(account.id(), services(change.services));
    }
    if (change.domainQuota) {
      admin.setQuota(account.id(), Optional.empty());
    } else if (change.quotaOctets != null || change.quotaMessages != null) {
      admin.setQuota(
          account.id(),
          Optional.of(
              new Quota(
                  change.quotaOctets == null ? account.quota().octets() : change.quotaOctets,
                  change.quotaMessages == null
                      ? account.quota().messages()
                      : change.quotaMessages)));
    }
    if (change.suspended != null) {
      admin.setSuspended(account.id(), change.suspended);
    }
    if (change.services != null || Boolean.TRUE.equals(change.suspended)) {
      endSessions(account);
    }
    return AdminResponse.ok(view(account(account.primary())));
  }

  private static Set<Service> services(List<String> names) throws AdminException {
    Set<Service> services = new TreeSet<>();
    for (String name : names) {
      services.add(
          Arrays.stream(Service.values())
              .filter(service -> name(service).equals(name))
              .findFirst()
              .orElseThrow(() ->
                  AdminException.badRequest(
                      "there is no service \""
                          + name
                          + "\"; there are "
                          + String.join(
                              ", ",
                              Arrays.stream(Service.values())
                                  .map(AccountOperations::name)
                                  .toList()))));
    }
    return services;
  }

  private AdminResponse remove(AdminRequest request) throws AdminException, DirectoryException {
    Account account = account(request);
    admin.removeAccount(account.id());
    endSessions(account);
    mail.account(account.id()).removeAll();
    return AdminResponse.done();
  }

  private AdminResponse setPassword(AdminRequest request)
      throws AdminException, DirectoryException {
    Account account = account(request);
    byte[] password = octets(request.json(Password.class).password());
    try {
      admin.setPassword(account.id(), password);
    } finally {
      Arrays.fill(password, (byte) 0);
    }
    endSessions(account);
    return AdminResponse.done();
  }

  private AdminResponse setSecret(AdminRequest request) throws AdminException, DirectoryException {
    Account account = account(request);
    String text = request.json(Password.class).password();
    byte[] secret = text.isEmpty() ? null : octets(text);
    try {
      admin.setSharedSecret(account.id(), secret);
    } finally {
      if (secret != null) {
        Arrays.fill(secret, (byte) 0);
      }
    }
    return AdminResponse.done();
  }

  /** What the account may no longer do, or who no longer knows its password, ends now. */
  private void endSessions(Account account) {
    if (node != null) {
      node.endSessionsOf(account.primary().toString());
    }
  }

  private static byte[] octets(String password) {
    return password.getBytes(StandardCharsets.UTF_8);
  }

  private Account account(AdminRequest request) throws AdminException {
    return account(DomainOperations.address(request.part(1)));
  }

  private Account account(Address address) throws AdminException {
    return directory
        .accountByAddress(address)
        .orElseThrow(() -> AdminException.notFound("there is no account " + address));
  }

  private View view(Account account) {
    Tally usage = mail.account(account.id()).usage();
    return new View(
        account.primary().toString(),
        account.id(),
        account.displayName(),
        account.suspended(),
        account.services().stream().sorted().map(AccountOperations::name).toList(),
        account.quota().octets(),
        account.quota().messages(),
        usage.octets(),
        usage.count(),
        account.routing().pool(),
        account.routing().node(),
        account.routing().backend());
  }

  private static String name(Service service) {
    return service.name().toLowerCase(java.util.Locale.ROOT);
  }

  /**
   * An account to make.
   *
   * @param password null for one that cannot log in yet
   * @param hash of the password instead of itself, Argon2id in the PHC string format
   * @param quotaOctets null for that of its domain
   */
  public record New(
      String address,
      @Nullable String password,
      @Nullable String displayName,
      @Nullable String hash,
      @Nullable Long quotaOctets) {
    public New(String address, @Nullable String password, @Nullable String displayName) {
      this(address, password, displayName, null, null);
    }
  }

  /**
   * What to change of an account; null leaves it.
   *
   * @param domainQuota whether the quota is to be that of its domain
   */
  public record Change(
      @Nullable String displayName,
      @Nullable List<String> services,
      boolean domainQuota,
      @Nullable Long quotaOctets,
      @Nullable Long quotaMessages,
      @Nullable Boolean suspended) {}

  /** A password, or a secret for APOP and CRAM-MD5. */
  public record Password(String password) {}

  /**
   * An account as it is shown.
   *
   * @param octets what its mailboxes hold
   * @param messages how many messages that is
   * @param pool the group of nodes that serve it best, by its own word or its domain's; or empty
   * @param node the node that serves it best; or empty
   * @param backend the foreign server that serves it; or empty
   */
  public record View(
      String address,
      String id,
      String displayName,
      boolean suspended,
      List<String> services,
      long quotaOctets,
      long quotaMessages,
      long octets,
      long messages,
      String pool,
      String node,
      String backend) {}
}
