package hikyaku.server.directory;

import java.util.Optional;

/**
 * What can be set for a domain.
 *
 * @param catchAll where mail goes for addresses that nobody has; empty to refuse it
 * @param postmaster where mail for {@code postmaster} goes if no account or alias has that name;
 *     empty for the domain's first admin
 * @param quota of accounts that have none of their own
 * @param separators each of these characters ends the user part of a sub-address ({@code
 *     user+detail}, RFC 5233); empty for no sub-addressing
 * @param routing where sessions are served of accounts that do not say it
 * @param language in which senders are told what became of their mail if nothing else says it;
 *     empty for that of the server
 */
public record DomainSettings(
    Optional<Address> catchAll,
    Optional<Address> postmaster,
    Quota quota,
    String separators,
    Routing routing,
    Optional<Language> language) {
  /** No catch-all, no quota, {@code +} for sub-addresses. */
  public static final DomainSettings DEFAULTS =
      new DomainSettings(
          Optional.empty(), Optional.empty(), Quota.NONE, "+", Routing.NONE, Optional.empty());

  public DomainSettings {
    if (separators.length() > 4 || separators.chars().anyMatch(c -> "+-_=~#!%&*^".indexOf(c) < 0)) {
      throw new IllegalArgumentException("not usable as separators: " + separators);
    }
  }

  public DomainSettings withCatchAll(Optional<Address> address) {
    return new DomainSettings(address, postmaster, quota, separators, routing, language);
  }

  public DomainSettings withPostmaster(Optional<Address> address) {
    return new DomainSettings(catchAll, address, quota, separators, routing, language);
  }

  public DomainSettings withQuota(Quota newQuota) {
    return new DomainSettings(catchAll, postmaster, newQuota, separators, routing, language);
  }

  public DomainSettings withSeparators(String newSeparators) {
    return new DomainSettings(catchAll, postmaster, quota, newSeparators, routing, language);
  }

  public DomainSettings withRouting(Routing newRouting) {
    return new DomainSettings(catchAll, postmaster, quota, separators, newRouting, language);
  }

  public DomainSettings withLanguage(Optional<Language> newLanguage) {
    return new DomainSettings(catchAll, postmaster, quota, separators, routing, newLanguage);
  }
}
