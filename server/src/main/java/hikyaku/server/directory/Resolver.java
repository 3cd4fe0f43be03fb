package hikyaku.server.directory;

import hikyaku.server.directory.Folds.Existing;
import hikyaku.server.directory.Folds.Pair;
import hikyaku.server.directory.Resolution.Target;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One resolution of a recipient: follows aliases breadth first, each address once.
 *
 * <p>An address is looked up as it is, then without its detail, then as one that a mailing list has
 * for requests; then, if it is postmaster, as the domain's postmaster; then as the domain's
 * catch-all. Whatever is found by the last two is looked up in its turn, but not by them again.
 */
final class Resolver {
  private final Folds folds;
  private final DirectoryLimits limits;
  private final Deque<Step> ahead = new ArrayDeque<>();
  private final Set<Address> seen = new HashSet<>();
  private final SequencedMap<String, Target> targets = new LinkedHashMap<>();
  private final SequencedSet<Address> elsewhere = new LinkedHashSet<>();
  private final SequencedSet<Resolution.Listed> lists = new LinkedHashSet<>();
  private @Nullable Writers writers;
  private boolean suspended;
  private boolean local;
  private boolean circle;

  /**
   * An address to look up.
   *
   * @param spelling its local part with the case that the detail keeps
   * @param from what led to it
   * @param depth how many led to it
   * @param named whether an alias names it, which may lead out of here; a catch-all may not
   * @param fallbacks whether postmaster and catch-all may still be tried
   */
  private record Step(
      Address address,
      String spelling,
      @Nullable Step from,
      int depth,
      boolean named,
      boolean fallbacks) {
    boolean comesFrom(Address other) {
      for (Step step = this; step != null; step = step.from) {
        if (step.address.equals(other)) {
          return true;
        }
      }
      return false;
    }
  }

  /** An address without its detail. */
  private record Base(Address address, String detail) {}

  Resolver(Folds folds, DirectoryLimits limits) {
    this.folds = folds;
    this.limits = limits;
  }

  /**
   * Resolves.
   *
   * @param spelling the recipient's local part as the client wrote it, in NFC
   */
  Resolution resolve(Address recipient, String spelling) {
    ahead.add(new Step(recipient, spelling, null, 0, false, true));
    seen.add(recipient);
    while (!ahead.isEmpty()) {
      Step step = ahead.remove();
      if (step.depth > limits.aliasDepth()) {
        return new Resolution.TooManyExpansions(
            recipient + " leads to " + step.address + " through too many aliases");
      }
      follow(step);
      if (seen.size() > limits.expansion()) {
        return new Resolution.TooManyExpansions(recipient + " leads to too many addresses");
      }
    }
    if (!targets.isEmpty() || !elsewhere.isEmpty() || !lists.isEmpty()) {
      return new Resolution.Local(
          List.copyOf(targets.values()),
          List.copyOf(elsewhere),
          List.copyOf(lists),
          writers == null ? Writers.ANYONE : writers);
    }
    if (suspended) {
      return new Resolution.Suspended();
    }
    if (circle) {
      return new Resolution.TooManyExpansions("aliases of " + recipient + " lead in a circle");
    }
    return local ? new Resolution.UnknownRecipient() : new Resolution.NotLocal();
  }

  private void follow(Step step) {
    Pair pair = folds.pair(step.address);
    DomainState domain = pair.domain().state();
    if (!domain.exists()) {
      if (step.named) {
        elsewhere.add(step.address);
      }
      return;
    }
    local = true;
    if (domain.suspended()) {
      suspended = true;
      return;
    }
    if (found(step, step.address, "", pair.address().state())) {
      return;
    }
    Optional<Resolution.Listed> ofList =
        ListRole.parse(step.address)
            .filter(each -> folds.address(each.list()).state() instanceof AddressState.IsList);
    Optional<Base> base = base(step, domain.settings().separators());
    if (base.isPresent() && ofList.filter(each -> isShorter(base.get(), each)).isEmpty()) {
      Address address = base.get().address;
      if (found(step, address, base.get().detail, folds.address(address).state())) {
        return;
      }
    }
    if (ofList.isPresent()) {
      lists.add(ofList.get());
      return;
    }
    if (step.fallbacks) {
      fallback(step, base.map(Base::address).orElse(step.address), domain)
          .ifPresent(address -> later(step, address, false, false));
    }
  }

  /** Takes what an address is, if it is anything. */
  private boolean found(Step step, Address address, String detail, AddressState state) {
    return switch (state) {
      case AddressState.Free() -> false;
      case AddressState.IsList() -> {
        lists.add(new Resolution.Listed(address, ListRole.POST, ""));
        yield true;
      }
      case AddressState.IsAlias(List<Address> leadsTo, Writers ofAlias) -> {
        // The first is the one that was written to; those behind it are its own affair.
        writers = writers == null ? ofAlias : writers;
        leadsTo.forEach(next -> later(step, next, true, true));
        yield true;
      }
      case AddressState.OfAccount(String id) -> {
        Existing existing = folds.existing(id);
        if (existing == null) {
          yield false;
        }
        Account account = existing.account();
        if (account.suspended()) {
          suspended = true;
        } else {
          targets.putIfAbsent(id, new Target(account, address, detail));
        }
        yield true;
      }
    };
  }

  private void later(Step from, Address address, boolean named, boolean fallbacks) {
    if (seen.add(address)) {
      boolean more = fallbacks && from.fallbacks;
      ahead.add(new Step(address, address.localPart(), from, from.depth + 1, named, more));
    } else if (from.comesFrom(address)) {
      circle = true;
    }
  }

  private Optional<Address> fallback(Step step, Address base, DomainState domain) {
    if (base.localPart().equals("postmaster")) {
      Optional<Address> postmaster = domain.settings().postmaster().or(() -> firstAdmin(domain));
      if (postmaster.isPresent()) {
        return postmaster;
      }
    }
    return domain.settings().catchAll().filter(address -> !address.equals(step.address));
  }

  private Optional<Address> firstAdmin(DomainState domain) {
    for (String id : domain.admins()) {
      Existing admin = folds.existing(id);
      if (admin != null && !admin.account().suspended()) {
        return Optional.of(admin.primary());
      }
    }
    return Optional.empty();
  }

  private static Optional<Base> base(Step step, String separators) {
    int key = separator(step.address.localPart(), separators);
    int spelled = separator(step.spelling, separators);
    if (key < 0 || spelled < 0) {
      return Optional.empty();
    }
    String user = step.address.localPart().substring(0, key);
    String detail = step.spelling.substring(spelled + 1);
    return Optional.of(new Base(new Address(user, step.address.domain()), detail));
  }

  /**
   * Whether a separator stands inside of the name of a list or its role, as a hyphen may: then the
   * address is that of the list, which many have been told.
   */
  private static boolean isShorter(Base base, Resolution.Listed listed) {
    return base.address.localPart().length() < listed.role().of(listed.list()).localPart().length();
  }

  /** Where the user part ends, which is never at once. */
  private static int separator(String localPart, String separators) {
    for (int i = 1; i < localPart.length(); i++) {
      if (separators.indexOf(localPart.charAt(i)) >= 0) {
        return i;
      }
    }
    return -1;
  }
}
