package hikyaku.server.ops;

import hikyaku.server.cluster.Cluster;
import hikyaku.server.cluster.Wish;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.DirectoryAdmin;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.directory.Domain;
import hikyaku.server.directory.Routing;
import hikyaku.server.foreign.BackendBook;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where sessions of accounts and domains are served. */
public final class RoutingOperations implements AdminApi.Group {
  private final Directory directory;
  private final DirectoryAdmin admin;
  private final Cluster cluster;
  private final BackendBook backends;

  public RoutingOperations(
      Directory directory, DirectoryAdmin admin, Cluster cluster, BackendBook backends) {
    this.directory = directory;
    this.admin = admin;
    this.cluster = cluster;
    this.backends = backends;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("PUT", "accounts/*/routing", this::routeAccount);
    table.add("PUT", "domains/*/routing", this::routeDomain);
  }

  private AdminResponse routeAccount(AdminRequest request)
      throws AdminException, DirectoryException {
    Address address = DomainOperations.address(request.part(1));
    Account account =
        directory
            .accountByAddress(address)
            .orElseThrow(() -> AdminException.notFound("there is no account " + address));
    Routing now = directory.routing(account.id()).orElse(Routing.NONE);
    Routing wanted = changed(now, request.json(Change.class));
    admin.setRouting(account.id(), wanted);
    return AdminResponse.ok(view(wanted));
  }

  private AdminResponse routeDomain(AdminRequest request)
      throws AdminException, DirectoryException {
    String name = request.part(1);
    Domain domain =
        directory
            .domain(name)
            .orElseThrow(() -> AdminException.notFound("there is no domain " + name));
    Routing wanted = changed(domain.settings().routing(), request.json(Change.class));
    admin.setDomainSettings(domain.name(), domain.settings().withRouting(wanted));
    return AdminResponse.ok(view(wanted));
  }

  private static Routing changed(Routing before, Change change) throws AdminException {
    try {
      if (change.pool != null && !change.pool.isEmpty()) {
        Wish.checkPool(change.pool);
      }
      return new Routing(
          change.pool == null ? before.pool() : change.pool,
          change.node == null ? before.node() : change.node,
          change.backend == null ? before.backend() : change.backend);
    } catch (IllegalArgumentException e) {
      throw AdminException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  private View view(Routing routing) {
    List<String> remarks = new ArrayList<>();
    if (!routing.pool().isEmpty()
        && cluster.members().stream()
            .noneMatch(node -> node.wish().pools().contains(routing.pool()))) {
      remarks.add("no node is of the pool " + routing.pool() + ": until one is, any node serves");
    }
    String node = routing.effective().node();
    if (!node.isEmpty() && cluster.member(node).isEmpty()) {
      remarks.add("there is no node " + node + ": until there is, any node serves");
    }
    String backend = routing.effective().backend();
    if (!backend.isEmpty() && backends.backend(backend).isEmpty()) {
      remarks.add(
          "there is no foreign server " + backend + ": until there is, nobody can log in there");
    }
    return new View(routing.pool(), routing.node(), routing.backend(), remarks);
  }

  /** What to change; null leaves it, an empty text takes it away. */
  public record Change(@Nullable String pool, @Nullable String node, @Nullable String backend) {}

  /**
   * What an account or a domain says itself.
   *
   * @param remarks what may surprise, a sentence each
   */
  public record View(String pool, String node, String backend, List<String> remarks) {}
}
