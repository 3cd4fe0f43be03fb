package hikyaku.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a Java process holds when its garbage is collected, and native memory that is free is given
 * back.
 *
 * @param processKib its proportional share of memory, which counts shared pages once
 * @param heapKib live objects
 */
record Memory(long processKib, long heapKib) {
  /** Makes the heap follow what lives in it, so that the process's memory can be compared. */
  static final String CLOSE_HEAP = "-XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10";

  private static final Pattern USED = Pattern.compile("heap .*? used ([0-9]+)K");

  /** Collects the garbage of a process and looks at what is left. */
  static Memory of(long pid) throws IOException, InterruptedException {
    // Twice: what the first lets go of by cleaners and references, the second frees.
    ask(pid, "GC.run");
    ask(pid, "GC.run");
    // A node at rest does so once a minute.
    ask(pid, "System.trim_native_heap");
    String heap = ask(pid, "GC.heap_info");
    Matcher used = USED.matcher(heap);
    if (!used.find()) {
      throw new IOException("no heap of process " + pid + " in: " + heap);
    }
    return new Memory(share(pid), Long.parseLong(used.group(1)));
  }

  /**
   * As {@link #of}, with the heap closed for that look alone: one that is kept closed costs its
   * process a collection after the other.
   */
  static Memory ofClosedHeap(long pid) throws IOException, InterruptedException {
    heapFree(pid, "Min", 5);
    heapFree(pid, "Max", 10);
    Memory found = of(pid);
    // As Java has them of itself.
    heapFree(pid, "Max", 70);
    heapFree(pid, "Min", 40);
    return found;
  }

  private static void heapFree(long pid, String bound, int percent)
      throws IOException, InterruptedException {
    String unused = ask(pid, "VM.set_flag", bound + "HeapFreeRatio", Integer.toString(percent));
  }

  private static String ask(long pid, String... command) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString());
    line.add(Long.toString(pid));
    line.addAll(List.of(command));
    Process tool = new ProcessBuilder(line).redirectErrorStream(true).start();
    String said = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (tool.waitFor() != 0) {
      throw new IOException("jcmd " + String.join(" ", command) + ": " + said);
    }
    return said;
  }

  /** A process's proportional share of memory, in KiB. */
  static long share(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup"))) {
      if (line.startsWith("Pss:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("no Pss for process " + pid);
  }

  /** What each of so many things added since then. */
  String eachSince(Memory before, int count) {
    return String.format(
        Locale.ROOT,
        "%.1f KiB of process memory each, %.1f KiB of it live heap"
            + " (process %d to %d MiB, heap %d to %d MiB)",
        (processKib - before.processKib) / (double) count,
        (heapKib - before.heapKib) / (double) count,
        before.processKib / 1024,
        processKib / 1024,
        before.heapKib / 1024,
        heapKib / 1024);
  }
}
