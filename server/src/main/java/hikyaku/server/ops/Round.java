package hikyaku.server.ops;

import hikyaku.server.link.Answer;
import hikyaku.server.link.AskerLink;
import hikyaku.server.link.LinkException;
import hikyaku.server.link.LinkedFront;
import hikyaku.server.link.Question;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.core.JacksonException;

/**
 * One question to every process of a cluster. Each has threads of its own; the slowest is waited
 * for.
 */
final class Round implements AutoCloseable {
  private static final Question HERE = Question.get("here");

  /** The status of an answer that says that a front could not be asked. */
  static final int NO_WAY = 502;

  private final Everywhere.Self self;
  private final Neighbours neighbours;
  private final Everywhere.Dial dial;
  private final Duration patience;
  private final Question question;

  /** Guarded by this. */
  private final List<Everywhere.Said> said = new ArrayList<>();

  /** Guarded by this. */
  private final List<Everywhere.Silent> silent = new ArrayList<>();

  /** Guarded by this. */
  private final List<AskerLink> links = new ArrayList<>();

  /** Asks a process. */
  private interface Way {
    Answer ask(Question what) throws LinkException, InterruptedException;
  }

  /** A front, and the ways to it. */
  private record Front(String name, long run, List<Way> ways) {}

  /** A way to a front that a node knows. */
  private record Found(String name, long run, Way way) {}

  Round(
      Everywhere.Self self,
      Neighbours neighbours,
      Everywhere.Dial dial,
      Duration patience,
      Question question) {
    this.self = self;
    this.neighbours = neighbours;
    this.dial = dial;
    this.patience = patience;
    this.question = question;
  }

  Everywhere.Gathered run() throws InterruptedException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> answers = Collections.synchronizedList(new ArrayList<>());
      List<Future<List<Found>>> finds = new ArrayList<>();
      answers.add(
          threads.submit(() -> {
            hear(self.name(), self.kind(), self.answerer()::answer);
            return null;
          }));
      for (Neighbours.Node node : neighbours.nodes()) {
        Future<List<Found>> found = threads.submit(() -> node(node, threads, answers));
        finds.add(found);
      }
      Map<String, Front> fronts = new LinkedHashMap<>();
      neighbours.fronts().stream().map(this::found).forEach(found -> note(fronts, found));
      for (Future<List<Found>> each : finds) {
        each.get().forEach(found -> note(fronts, found));
      }
      for (Front front : fronts.values()) {
        answers.add(
            threads.submit(() -> {
              front(front);
              return null;
            }));
      }
      for (Future<?> each : List.copyOf(answers)) {
        each.get();
      }
    } catch (ExecutionException bug) {
      throw new IllegalStateException(bug.getCause());
    }
    return gathered();
  }

  /** Links a node, has it asked, and gives the fronts that it knows. */
  private List<Found> node(Neighbours.Node node, ExecutorService threads, List<Future<?>> answers)
      throws InterruptedException {
    if (!node.isAlive()) {
      missing(node.name(), "node", node.state(), "it is " + node.state());
      return List.of();
    }
    if (node.link().isEmpty()) {
      missing(node.name(), "node", "unlinked", "it takes no links (listen.link.enabled)");
      return List.of();
    }
    AskerLink link;
    try {
      link = dial.to(node.link().get());
    } catch (IOException e) {
      missing(node.name(), "node", node.state(), Everywhere.reason(e));
      return List.of();
    }
    synchronized (this) {
      links.add(link);
    }
    Way way = what -> link.ask(what, patience);
    answers.add(
        threads.submit(() -> {
          try {
            hear(node.name(), "node", way);
          } catch (LinkException e) {
            missing(node.name(), "node", node.state(), Everywhere.reason(e));
          }
          return null;
        }));
    try {
      return Json.LENIENT
          .readValue(way.ask(HERE).json(), HereOperations.Here.class)
          .fronts()
          .stream()
          .map(front -> found(link, front))
          .toList();
    } catch (LinkException | JacksonException e) {
      // The node itself will be found silent; what is linked to it alone is not known of.
      return List.of();
    }
  }

  private Found found(LinkedFront front) {
    return new Found(
        front.name(), front.run(), what -> neighbours.ask(front.run(), what, patience));
  }

  private Found found(AskerLink link, HereOperations.Front front) {
    long run = Long.parseUnsignedLong(front.run(), 16);
    return new Found(front.name(), run, what -> link.ask(what.to(run), patience.plusSeconds(1)));
  }

  /** Two nodes' links to one front are of one run; those of an old one are told apart by name. */
  private void note(Map<String, Front> fronts, Found found) {
    if (found.run == self.run() && self.run() != 0) {
      return;
    }
    String key = found.run == 0 ? "name " + found.name : "run " + found.run;
    fronts
        .computeIfAbsent(key, _ -> new Front(found.name, found.run, new ArrayList<>()))
        .ways
        .add(found.way);
  }

  private void front(Front front) throws InterruptedException {
    if (front.run == 0) {
      missing(front.name, "front", "up", "it is of a release that answers no questions");
      return;
    }
    String why = "";
    for (Way way : front.ways) {
      try {
        if (hear(front.name, "front", way)) {
          return;
        }
        why = "it is no longer linked";
      } catch (LinkException e) {
        why = Everywhere.reason(e);
      }
    }
    missing(front.name, "front", "up", why);
  }

  /** Asks, and notes the answer; false if it only says that there is no way. */
  private boolean hear(String name, String kind, Way way)
      throws LinkException, InterruptedException {
    long sent = now();
    Answer answer = way.ask(question);
    long heard = now();
    if (answer.status() == NO_WAY) {
      return false;
    }
    boolean timed = answer.came() != 0;
    // As of NTP (RFC 5905 §8): what went by here and not there was spent on the way.
    long clock = timed ? ((answer.came() - sent) + (answer.went() - heard)) / 2 : 0;
    long within = timed ? ((heard - sent) - (answer.went() - answer.came())) / 2 : 0;
    Everywhere.Said now =
        new Everywhere.Said(
            name,
            kind,
            answer.status(),
            clock,
            Math.max(0, within),
            new String(answer.json(), StandardCharsets.UTF_8));
    synchronized (this) {
      said.add(now);
    }
    return true;
  }

  private synchronized void missing(String name, String kind, String state, String why) {
    silent.add(new Everywhere.Silent(name, kind, state, why));
  }

  private synchronized Everywhere.Gathered gathered() {
    said.sort(
        Comparator.comparing(Everywhere.Said::kind)
            .reversed()
            .thenComparing(Everywhere.Said::name));
    silent.sort(Comparator.comparing(Everywhere.Silent::name));
    return new Everywhere.Gathered(List.copyOf(said), List.copyOf(silent));
  }

  private static long now() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000 + now.getNano() / 1000;
  }

  @Override
  public synchronized void close() {
    links.forEach(AskerLink::close);
  }
}
