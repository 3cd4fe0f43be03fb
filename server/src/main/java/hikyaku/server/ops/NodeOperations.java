package hikyaku.server.ops;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailVerifier;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The node's data: figures, and the proof that it is sound. */
public final class NodeOperations implements AdminApi.Group {
  /** Problems that one verification lists. */
  private static final int PROBLEMS = 1000;

  private final Store store;
  private final MailStore mail;
  private final @Nullable NodeStatus node;

  /**
   * @param node what runs; null when a data directory is looked at whose node does not run
   */
  public NodeOperations(Store store, MailStore mail, @Nullable NodeStatus node) {
    this.store = store;
    this.mail = mail;
    this.node = node;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "stats", _ -> AdminResponse.ok(statistics()));
    table.add("POST", "verify", _ -> verify());
  }

  private Statistics statistics() {
    NodeFigures figures = null;
    if (node != null) {
      SortedMap<String, Integer> sessions = new TreeMap<>();
      node.sessions().forEach(session -> sessions.merge(session.protocol(), 1, Integer::sum));
      figures = new NodeFigures(node.hostname(), node.started().toString(), sessions, node.work());
    }
    return new Statistics(store.statistics(), figures);
  }

  private AdminResponse verify() {
    List<String> problems = new ArrayList<>();
    Consumer<String> gather =
        problem -> {
          if (problems.size() < PROBLEMS) {
            problems.add(problem);
          }
        };
    Store.Verified inStore = store.verify(gather);
    MailVerifier.Verified inMail = MailVerifier.verify(store, mail.clock(), mail.limits(), gather);
    return AdminResponse.ok(new Verification(inStore, inMail, problems));
  }

  /** What a verification looked at and found. */
  public record Verification(
      Store.Verified store, MailVerifier.Verified mail, List<String> problems) {}

  /**
   * Figures.
   *
   * @param node null if none runs
   */
  public record Statistics(StoreStatistics store, @Nullable NodeFigures node) {}

  /**
   * Figures of a node that runs.
   *
   * @param sessions how many of each protocol
   */
  public record NodeFigures(
      String hostname, String started, Map<String, Integer> sessions, NodeStatus.Work work) {}
}
