package hikyaku.systemtests.chaos;

import java.util.ArrayDeque;
import java.util.Deque;

/** The last that was said on a client's connections, with times. */
final class Journal {
  private static final int KEPT = 3_000;
  private static final int LINE = 400;

  private final Times times;
  private final Deque<String> lines = new ArrayDeque<>();

  Journal(Times times) {
    this.times = times;
  }

  synchronized void write(String connection, String said) {
    String line = said.strip().replace("\r\n", "\\r\\n");
    if (line.length() > LINE) {
      line = line.substring(0, LINE) + "… (" + said.length() + " octets)";
    }
    lines.addLast(Times.shown(times.now()) + " " + connection + " " + line);
    if (lines.size() > KEPT) {
      lines.removeFirst();
    }
  }

  synchronized String text() {
    return String.join("\n", lines) + "\n";
  }
}
