package hikyaku.server.directory;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Append.Expect;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.server.directory.Folds.At;
import hikyaku.server.directory.Folds.Listed;
import hikyaku.server.directory.Folds.ListedAccount;
import hikyaku.server.directory.Folds.ListedDomain;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Proves what the directory promises, log by log, and clears up what interrupted changes have left.
 * Such leftovers hurt nobody; what is told of them is for order's sake. May run while the directory
 * is in use.
 */
public final class DirectoryCheck {
  private final EmbeddedDirectory directory;
  private final Folds folds;
  private final InstantSource clock;

  public DirectoryCheck(EmbeddedDirectory directory, InstantSource clock) {
    this.directory = directory;
    this.folds = directory.folds();
    this.clock = clock;
  }

  /**
   * What was looked at and found.
   *
   * @param leftovers of interrupted changes
   * @param repaired how many of them are cleared up now
   * @param violations of what can never happen, told as problems too
   */
  public record Report(
      long domains,
      long addresses,
      long accounts,
      long leftovers,
      long repaired,
      long violations) {}

  /**
   * Checks everything.
   *
   * @param grace changes younger than this may still be under way and are left alone. A minute is
   *     long
   * @param repair whether to clear up leftovers
   * @param problems told of each thing found, in words for an operator
   */
  public Report check(Duration grace, boolean repair, Consumer<String> problems) {
    Run run = new Run(clock.instant().minus(grace), repair, problems);
    folds.eachDomain(null, run::domain);
    folds.eachAddress(run::address);
    folds.eachAccount(run::account);
    return run.report();
  }

  private final class Run {
    private final Instant before;
    private final boolean repair;
    private final Consumer<String> problems;
    private long domains;
    private long addresses;
    private long accounts;
    private long leftovers;
    private long repaired;
    private long violations;

    Run(Instant before, boolean repair, Consumer<String> problems) {
      this.before = before;
      this.repair = repair;
      this.problems = problems;
    }

    Report report() {
      return new Report(domains, addresses, accounts, leftovers, repaired, violations);
    }

    boolean domain(ListedDomain each) {
      domains++;
      DomainState state = each.state();
      if (state.exists() && state.closing() && state.moved().isBefore(before)) {
        leftover("domain " + each.name() + ": its removal was never finished");
        At<DomainState> now = folds.domain(each.name());
        if (now.state().closing() && now.state().moved().isBefore(before)) {
          mend(Folds.domainLog(each.name()), now.seq(), DomainState.closing(false));
        }
      }
      target(each, "catch-all", state.settings().catchAll());
      target(each, "postmaster", state.settings().postmaster());
      return true;
    }

    private void target(ListedDomain domain, String role, Optional<Address> address) {
      if (domain.state().exists()
          && address.isPresent()
          && directory.resolve(address.get()) instanceof Resolution.UnknownRecipient) {
        problems.accept(
            "domain " + domain.name() + ": its " + role + " " + address.get() + " is nobody");
      }
    }

    boolean address(Listed each) {
      addresses++;
      switch (each.state()) {
        case AddressState.Free _, AddressState.IsList _ -> {}
        case AddressState.IsAlias alias -> alias(each.address(), alias.targets());
        case AddressState.OfAccount(String id) -> ofAccount(each, id);
      }
      return true;
    }

    private void alias(Address address, List<Address> targets) {
      if (!folds.domain(address.domain()).state().exists()) {
        violation("alias " + address + " is in no domain of ours");
      }
      for (Address target : targets) {
        if (folds.domain(target.domain()).state().exists()
            && !(directory.resolve(target) instanceof Resolution.Local)) {
          problems.accept("alias " + address + ": mail for " + target + " is not taken now");
        }
      }
    }

    private void ofAccount(Listed each, String id) {
      Address address = each.address();
      AccountState account = folds.accountState(id);
      if (account.primary() == null) {
        violation("address " + address + " is of account " + id + ", which was never made");
      } else if (!account.primary().equals(address)) {
        violation("address " + address + " is of account " + id + " of another address");
      } else if (account.removed()) {
        leftover("address " + address + " was not let go when account " + id + " was removed");
        At<AddressState> now = folds.address(address);
        if (now.state().equals(each.state())) {
          mend(Folds.addressLog(address), now.seq(), new AddressState.Free().event());
        }
      } else if (!folds.domain(address.domain()).state().exists()) {
        violation("address " + address + " is in no domain of ours");
      }
    }

    boolean account(ListedAccount each) {
      accounts++;
      AccountState state = each.state();
      Address primary = state.primary();
      if (primary == null) {
        violation("account " + each.id() + " has no first entry");
      } else if (state.exists()
          && state.created().isBefore(before)
          && !folds.address(primary).state().equals(new AddressState.OfAccount(each.id()))) {
        leftover("account " + each.id() + " was never given its address " + primary);
        mend(Folds.accountLog(each.id()), state.seq(), AccountState.removal());
      }
      return true;
    }

    private void leftover(String problem) {
      leftovers++;
      problems.accept(problem);
    }

    private void violation(String problem) {
      violations++;
      problems.accept(problem);
    }

    private void mend(LogName log, long seq, Event event) {
      if (repair
          && folds.logs.append(new Append(log, List.of(event), Expect.at(seq), null))
              instanceof Appended) {
        repaired++;
      }
    }
  }
}
