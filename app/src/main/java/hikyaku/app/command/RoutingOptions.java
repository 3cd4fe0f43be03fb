package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.flow.Subject;
import hikyaku.server.ops.RoutingOperations;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** The options that say where sessions are served. */
final class RoutingOptions {
  @Option(
      names = "--pool",
      paramLabel = "POOL",
      description =
          "The group of nodes that serve their sessions best ('hikyaku node pools'); \"\" takes it away.")
  private @Nullable String pool;

  @Option(
      names = "--node",
      paramLabel = "NAME",
      description =
          "The node that serves their sessions best; of an account, 'any' keeps away what its domain"
              + " says.")
  private @Nullable String node;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description =
          "The foreign server that serves them in place of this one ('hikyaku backend'); of an account,"
              + " 'here' keeps away what its domain says.")
  private @Nullable String backend;

  boolean areGiven() {
    return pool != null || node != null || backend != null;
  }

  /**
   * Says where sessions are served, and has those that are there moved.
   *
   * @param kind accounts or domains
   * @return what came of it
   */
  JsonNode set(Asking command, Door door, String kind, String name, Subject subject)
      throws Failure {
    JsonNode said =
        door.call(
            Call.of("PUT", kind, name, "routing")
                .withBody(new RoutingOperations.Change(pool, node, backend)));
    if (door.isRunning()) {
      long unused = move(command, door, subject);
    }
    return said;
  }

  /** Has the nodes of live sessions chosen anew; says of how many. */
  static long move(Asking command, Door door, Subject subject) throws Failure {
    Everyone everyone = Everyone.ask(door, Call.of("POST", "moves", subject.toString()));
    everyone.tellSilent(command.notes());
    return everyone.said().stream().mapToLong(each -> Asking.number(each.value(), "moved")).sum();
  }

  /** What may surprise. */
  static void remarks(Screen screen, JsonNode said) {
    said.get("remarks").forEach(remark -> screen.line("Note: " + remark.asString() + "."));
  }
}
