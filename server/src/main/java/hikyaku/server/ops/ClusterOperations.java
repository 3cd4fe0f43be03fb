package hikyaku.server.ops;

import hikyaku.server.cluster.Cluster;
import hikyaku.server.cluster.ClusterException;
import hikyaku.server.cluster.Member;
import hikyaku.server.cluster.Role;
import hikyaku.server.cluster.Room;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The nodes of the cluster, and what is wanted of them. */
public final class ClusterOperations implements AdminApi.Group {
  private final Cluster cluster;

  public ClusterOperations(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add(
        "GET",
        "nodes",
        _ -> AdminResponse.ok(cluster.members().stream().map(NodeView::of).toList()));
    table.add("GET", "nodes/*", request -> AdminResponse.ok(NodeView.of(member(request))));
    table.add("PUT", "nodes/*/draining", this::drain);
    table.add("PUT", "nodes/*/weight", this::weigh);
    table.add("PUT", "nodes/*/pools", this::pool);
    table.add("DELETE", "nodes/*", this::forget);
  }

  private Member member(AdminRequest request) throws AdminException {
    String name = request.part(1);
    return cluster.member(name).orElseThrow(() -> refused(new ClusterException.NoSuchNode(name)));
  }

  private AdminResponse drain(AdminRequest request) throws AdminException {
    Draining wanted = request.json(Draining.class);
    Member node = member(request);
    if (wanted.draining() && !wanted.force()) {
      List<String> reasons = Room.against(cluster.members(), node.name());
      if (!reasons.isEmpty()) {
        throw new AdminException(
            409,
            "the rest could not carry the load of "
                + node.name()
                + ": "
                + String.join("; ", reasons)
                + ". With --force it is drained all the same");
      }
    }
    try {
      cluster.drain(node.name(), wanted.draining());
    } catch (ClusterException e) {
      throw refused(e);
    }
    return AdminResponse.ok(NodeView.of(node));
  }

  private AdminResponse weigh(AdminRequest request) throws AdminException {
    Weight wanted = request.json(Weight.class);
    try {
      cluster.weigh(request.part(1), wanted.weight());
    } catch (ClusterException e) {
      throw refused(e);
    } catch (IllegalArgumentException e) {
      throw AdminException.badRequest(String.valueOf(e.getMessage()));
    }
    return AdminResponse.done();
  }

  private AdminResponse pool(AdminRequest request) throws AdminException {
    Pools wanted = request.json(Pools.class);
    try {
      cluster.pool(request.part(1), Set.copyOf(wanted.pools()));
    } catch (ClusterException e) {
      throw refused(e);
    } catch (IllegalArgumentException e) {
      throw AdminException.badRequest(String.valueOf(e.getMessage()));
    }
    return AdminResponse.done();
  }

  private AdminResponse forget(AdminRequest request) throws AdminException {
    try {
      cluster.forget(request.part(1));
    } catch (ClusterException e) {
      throw refused(e);
    }
    return AdminResponse.done();
  }

  private static AdminException refused(ClusterException e) {
    String sentence = String.valueOf(e.getMessage());
    return switch (e) {
      case ClusterException.NoSuchNode _ -> AdminException.notFound(sentence);
      case ClusterException.NameTaken _, ClusterException.StillAlive _ ->
          new AdminException(409, sentence);
    };
  }

  /**
   * Whether a node's sessions are to go elsewhere.
   *
   * @param force whether even if the rest could not carry them
   */
  public record Draining(boolean draining, boolean force) {}

  /** A node's share of new sessions. */
  public record Weight(int weight) {}

  /** The pools that a node is one of. */
  public record Pools(List<String> pools) {}

  /**
   * A node as it is shown.
   *
   * @param state {@code up}, {@code draining}, {@code down} or {@code left}
   * @param lettingGo whether it has heard that it is to drain
   * @param load 0 to 1
   * @param sessions how many of each protocol
   * @param attached how many of them came by a front
   * @param problems what keeps it from its work, a sentence each
   */
  public record NodeView(
      String name,
      String state,
      List<String> roles,
      String version,
      String started,
      String seen,
      double load,
      SortedMap<String, Integer> sessions,
      int attached,
      boolean draining,
      boolean lettingGo,
      int weight,
      List<String> pools,
      List<String> problems,
      @Nullable String link,
      String admin,
      int connections,
      int connectionsPerProtocol) {
    static NodeView of(Member member) {
      Map<String, Integer> sessions = member.vitals().sessions();
      return new NodeView(
          member.name(),
          member.state().name().toLowerCase(Locale.ROOT),
          member.identity().roles().stream().sorted().map(Role::label).toList(),
          member.identity().version(),
          member.identity().started().toString(),
          member.seen().toString(),
          member.vitals().load(),
          new TreeMap<>(sessions),
          member.vitals().attached(),
          member.wish().draining(),
          member.lettingGo(),
          member.wish().weight(),
          member.wish().pools().stream().sorted().toList(),
          member.vitals().problems(),
          member.identity().link().orElse(null),
          member.identity().admin(),
          member.identity().connections(),
          member.identity().connectionsPerProtocol());
    }
  }
}
