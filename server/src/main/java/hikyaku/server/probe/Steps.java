package hikyaku.server.probe;

import hikyaku.server.front.Findings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One run of a probe of a node, step by step, and what comes of it. */
final class Steps {
  private final Map<String, Duration> took = new LinkedHashMap<>();
  private final List<String> untried = new ArrayList<>();
  private Optional<Findings.Failure> failure = Optional.empty();

  /** What is done in a step. */
  @FunctionalInterface
  interface Body {
    void run() throws ProbeException, InterruptedException;
  }

  /** A step of the node that is looked at. */
  void own(String name, Body body) throws ProbeException, InterruptedException {
    long began = System.nanoTime();
    try {
      body.run();
    } catch (ProbeException.Failed e) {
      failure = Optional.of(new Findings.Failure(name, String.valueOf(e.getMessage())));
      throw e;
    }
    took.put(name, Duration.ofNanos(System.nanoTime() - began));
  }

  /** A step that another node does: nothing is learned from it. */
  void others(String name, String node, Body body) throws ProbeException, InterruptedException {
    try {
      body.run();
      untried.add(name + " (by " + node + ")");
    } catch (ProbeException.Failed e) {
      throw new ProbeException.Inconclusive(name + " by " + node + ": " + e.getMessage());
    }
  }

  void leftOut(String name, String why) {
    untried.add(name + " (" + why + ")");
  }

  Findings findings() {
    return new Findings(took, failure, untried);
  }
}
