package hikyaku.server.directory;

import java.util.Set;

/**
 * An account, as everybody but the authenticator sees it.
 *
 * @param id 12 characters of base32 ({@code a-z2-7}), random, never used again; names the account
 *     in logs of the store, so it stays when the address changes
 * @param primary the address it was made with
 * @param displayName a name for people, possibly empty
 * @param quota what it may hold: its own, or else its domain's
 * @param suspended whether the account or its domain is suspended: no login, no mail taken in
 * @param services what it may use
 * @param routing where its sessions are served: as it says itself, or else its domain
 */
public record Account(
    String id,
    Address primary,
    String displayName,
    Quota quota,
    boolean suspended,
    Set<Service> services,
    Routing routing) {
  public Account {
    services = Set.copyOf(services);
  }

  /** One whose sessions any node serves. */
  public Account(
      String id,
      Address primary,
      String displayName,
      Quota quota,
      boolean suspended,
      Set<Service> services) {
    this(id, primary, displayName, quota, suspended, services, Routing.NONE);
  }

  public boolean allows(Service service) {
    return services.contains(service);
  }
}
