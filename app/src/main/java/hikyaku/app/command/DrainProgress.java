package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.Figures;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Duration;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** Waits for a node to lose the sessions that can be moved, and tells how that goes. */
final class DrainProgress {
  private static final Duration STEP = Duration.ofMillis(250);
  private static final Duration TELL = Duration.ofSeconds(2);

  private final Door door;
  private final Screen screen;
  private final boolean quiet;

  DrainProgress(Door door, Screen screen, boolean quiet) {
    this.door = door;
    this.screen = screen;
    this.quiet = quiet;
  }

  /** Returns the node when it is drained. */
  JsonNode await(String name) throws Failure {
    long began = System.nanoTime();
    long told = began;
    long first = -1;
    while (true) {
      JsonNode node = door.call(Call.of("GET", "nodes", name));
      if (!ClusterCommands.isAlive(node)) {
        throw new Failure("The node " + name + " is no longer there, drained or not.");
      }
      if (!Asking.flag(node, "draining")) {
        throw new Failure("Somebody has called off the draining of " + name + ".");
      }
      long left = Asking.number(node, "attached");
      if (Asking.flag(node, "lettingGo")) {
        first = first < 0 ? left : first;
        if (left == 0) {
          finish(name, node);
          return node;
        }
        long now = System.nanoTime();
        if (now - told >= TELL.toNanos()) {
          told = now;
          tell(progress(left, first - left, Duration.ofNanos(now - began)));
        }
      }
      pause(STEP);
    }
  }

  /** What is left, how fast it goes, and so how long it takes. */
  static String progress(long left, long gone, Duration passed) {
    double perSecond = gone <= 0 ? 0 : gone * 1000.0 / Math.max(1, passed.toMillis());
    return Figures.count(left)
        + " sessions left, "
        + (perSecond == 0
            ? "none gone in " + Figures.time(passed)
            : rate(perSecond)
                + " a second, about "
                + Figures.time(Duration.ofSeconds((long) Math.ceil(left / perSecond)))
                + " to go")
        + ".";
  }

  private static String rate(double perSecond) {
    return perSecond < 10
        ? new DecimalFormat("0.##", DecimalFormatSymbols.getInstance(Locale.ROOT)).format(perSecond)
        : Figures.count(Math.round(perSecond));
  }

  private void finish(String name, JsonNode node) {
    long direct = 0;
    for (JsonNode count : node.get("sessions")) {
      direct += count.longValue();
    }
    tell(
        "The node "
            + name
            + " is drained."
            + (direct == 0
                ? ""
                : " "
                    + Figures.count(direct)
                    + " sessions of clients that connected to it directly end when it stops."));
  }

  private void tell(String sentence) {
    if (!quiet) {
      screen.line(sentence);
      screen.flush();
    }
  }

  static void pause(Duration time) throws Failure {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("Interrupted.", e);
    }
  }
}
