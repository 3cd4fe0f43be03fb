package hikyaku.app;

import hikyaku.mailbox.store.StoreStatistics;
import hikyaku.server.cluster.Member;
import hikyaku.server.cluster.Role;
import hikyaku.server.cluster.Vitals;
import hikyaku.server.front.FrontMetrics;
import hikyaku.server.link.NodeLink;
import hikyaku.server.link.Probes;
import hikyaku.server.link.proto.Report;
import hikyaku.server.ops.Figures;
import hikyaku.server.ops.NodeStatus;
import hikyaku.server.ops.StatusTable;
import hikyaku.server.ops.StatusTable.Cell;
import hikyaku.server.ops.StatusTable.Mood;
import hikyaku.server.queue.Standing;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What the status page of a node, and that of a front, show beside what both have. */
final class StatusTables {
  private StatusTables() {}

  /** What a node has done, and what its store has. */
  static Map<String, String> cards(NodeStatus.Work work, StoreStatistics store) {
    Map<String, String> cards = new LinkedHashMap<>();
    cards.put("messages taken in", Figures.count(work.messages()));
    cards.put("put into mailboxes", Figures.count(work.copies()));
    cards.put("refusals", Figures.count(work.refusals()));
    cards.put("writes", Figures.count(store.appends()));
    cards.put("disk syncs", Figures.count(store.rounds()));
    cards.put("contents stored", Figures.count(store.blobsWritten()));
    cards.put("contents shared", Figures.count(store.blobsShared()));
    if (store.diskOctets() >= 0) {
      cards.put("on disk", Figures.octets(store.diskOctets()));
    }
    cards.put("store failures", Figures.count(store.failures()));
    return cards;
  }

  /** What a front has done. */
  static Map<String, String> cards(FrontMetrics metrics) {
    Map<String, String> cards = new LinkedHashMap<>();
    cards.put("moved by a drain", Figures.count(metrics.movedByLeaving()));
    cards.put("moved from lost nodes", Figures.count(metrics.movedByLoss()));
    cards.put("could not be carried on", Figures.count(metrics.failed()));
    return cards;
  }

  /** The nodes of the cluster, as a node knows them. */
  static StatusTable nodes(List<Member> members, Instant now) {
    return new StatusTable(
        "Nodes",
        List.of("name", "state", "roles", "version", "up", "load", "weight", "sessions", "health"),
        members.stream().map(member -> row(member, now)).toList(),
        "This node is alone.");
  }

  /** Who gets mail from the parts of the queue that a node works. */
  static StatusTable queue(List<Standing> standings) {
    return new StatusTable(
        "Mail that goes out",
        List.of("destination", "waiting", "under way", "state", "because of"),
        standings.stream().map(StatusTables::row).toList(),
        "Nothing waits in this node's parts of the queue.");
  }

  private static List<Cell> row(Standing standing) {
    Cell state =
        !standing.rest().isZero()
            ? new Cell("rests for " + Figures.time(standing.rest()), Mood.BAD)
            : standing.paced() ? Cell.of("waits for its rate") : new Cell("open", Mood.GOOD);
    return List.of(
        Cell.of(standing.destination()),
        Cell.of(standing.waiting()),
        Cell.of(standing.underWay()),
        state,
        standing
            .trouble()
            .map(trouble -> Cell.of(trouble.toString()))
            .orElse(new Cell("–", Mood.FAINT)));
  }

  private static List<Cell> row(Member member, Instant now) {
    Vitals vitals = member.vitals();
    List<String> problems = vitals.problems();
    Mood mood = member.isAlive() ? Mood.PLAIN : Mood.FAINT;
    return List.of(
        Cell.of(member.name()),
        state(member.state()),
        new Cell(
            member.identity().roles().stream()
                .sorted()
                .map(Role::label)
                .collect(Collectors.joining(", ")),
            mood),
        new Cell(member.identity().version(), mood),
        new Cell(
            member.isAlive()
                ? Figures.time(Duration.between(member.identity().started(), now))
                : "–",
            mood),
        new Cell(Math.round(vitals.load() * 100) + " %", mood),
        new Cell(Integer.toString(member.wish().weight()), mood),
        new Cell(sessions(vitals.sessions()), mood),
        problems.isEmpty()
            ? new Cell(member.isAlive() ? "good" : "–", member.isAlive() ? Mood.GOOD : mood)
            : new Cell(String.join("; ", problems), Mood.BAD));
  }

  private static Cell state(Member.State state) {
    return new Cell(
        state.name().toLowerCase(Locale.ROOT),
        switch (state) {
          case UP -> Mood.GOOD;
          case DRAINING -> Mood.PLAIN;
          case DOWN -> Mood.BAD;
          case LEFT -> Mood.FAINT;
        });
  }

  private static String sessions(Map<String, Integer> byProtocol) {
    return byProtocol.isEmpty()
        ? "none"
        : new TreeMap<>(byProtocol)
            .entrySet().stream()
                .map(each -> each.getKey() + " " + Figures.count(each.getValue()))
                .collect(Collectors.joining(", "));
  }

  /** The nodes to which a front has links. */
  static StatusTable links(List<NodeLink> links) {
    return new StatusTable(
        "Nodes",
        List.of("name", "state", "serves", "version", "load", "weight", "sessions", "from here"),
        links.stream().map(StatusTables::row).toList(),
        "No node is reached.");
  }

  private static List<Cell> row(NodeLink link) {
    Optional<Report> report = link.report();
    if (report.isEmpty()) {
      return List.of(
          Cell.of(link.node()),
          new Cell("has said nothing yet", Mood.FAINT),
          Cell.of("–"),
          Cell.of("–"),
          Cell.of("–"),
          Cell.of("–"),
          Cell.of("–"),
          Cell.of(link.sessions()));
    }
    Report said = report.get();
    boolean up = said.getState() == Report.State.UP;
    List<String> services =
        said.getServicesList().stream()
            .filter(service -> !service.startsWith(Probes.SERVICE))
            .sorted()
            .toList();
    return List.of(
        Cell.of(link.node()),
        up ? new Cell("up", Mood.GOOD) : new Cell("draining", Mood.PLAIN),
        Cell.of(services.isEmpty() ? "nothing" : String.join(", ", services)),
        Cell.of(said.getVersion()),
        Cell.of(said.getLoad() + " %"),
        Cell.of(Integer.toString(said.getWeight())),
        Cell.of(said.getSessions()),
        Cell.of(link.sessions()));
  }
}
