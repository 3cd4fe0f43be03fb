package hikyaku.server.synthetic;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Service;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The accounts of synthetic users. None is ever set up: each name of the right form in their domain
 * is one. It ends with the hour, counted from 1970, in which it is used.
 */
public final class SyntheticAccounts implements AutoCloseable {
  private static final String PREFIX = "probe/";
  private static final Pattern NAME = Pattern.compile("[0-9a-f]{16}-([0-9]{1,9})");
  private static final long HOUR = TimeUnit.HOURS.toMillis(1);

  /** Hours after which an account is dropped; clocks may differ by one. */
  private static final long KEPT = 2;

  /** A run leaves one message at most, and the next one takes it away. */
  private static final Quota QUOTA = new Quota(64 * 1024, 32);

  private static final int PAGE = 1_000;

  private final String domain;
  private final LogStore logs;
  private final MailStore mail;
  private final Clock clock;

  /**
   * @param domain in which they are
   * @param store the one that all mail is kept in; it remains the caller's to close
   */
  public SyntheticAccounts(String domain, Store store, MailboxLimits limits, Clock clock) {
    this.domain = domain;
    this.clock = clock;
    logs = new LogsBelow(store.logs(), PREFIX);
    mail = new MailStore(new StoreBelow(store, logs), clock, limits);
  }

  /** Their mail, and nobody else's. */
  public MailStore mail() {
    return mail;
  }

  String domain() {
    return domain;
  }

  /** The account of this address, if it is one of theirs. */
  Optional<Account> account(Address address) {
    return address.domain().equals(domain) ? account(address.localPart()) : Optional.empty();
  }

  /** The account of this id, which is the local part of its address. */
  Optional<Account> account(String id) {
    return NAME.matcher(id).matches()
        ? Optional.of(
            new Account(id, new Address(id, domain), "", QUOTA, false, Set.of(Service.values())))
        : Optional.empty();
  }

  /**
   * Drops the accounts of past hours.
   *
   * @return how many there were
   */
  public int sweep() {
    long now = clock.millis() / HOUR;
    int dropped = 0;
    LogName after = null;
    while (true) {
      var page = logs.list("folders/", after, PAGE);
      for (LogName log : page.keySet()) {
        String id = log.value().substring("folders/".length());
        Matcher name = NAME.matcher(id);
        if (name.matches() && now - Long.parseLong(name.group(1)) > KEPT) {
          new AccountMail(id, mail).removeAll();
          dropped++;
        }
      }
      if (page.size() < PAGE) {
        return dropped;
      }
      after = page.lastEntry().getKey();
    }
  }

  @Override
  public void close() {
    mail.close();
  }
}
