package hikyaku.benchmarks;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;

/** Figures of this server and of a peer, taken in turns. */
final class Comparison {
  private final String peer;
  private final Map<String, Row> rows = new LinkedHashMap<>();

  Comparison(String peer) {
    this.peer = peer;
  }

  /** Which of two figures is the better one. */
  enum Better {
    HIGHER,
    LOWER
  }

  /**
   * One thing that was measured.
   *
   * @param ours in the order in which they were taken
   */
  record Row(String what, Better better, List<Double> ours, List<Double> theirs) {
    /** How many times better this server is, by the medians; below 1 it is the worse one. */
    double ratio() {
      double first = median(ours);
      double second = median(theirs);
      return better == Better.HIGHER ? first / second : second / first;
    }

    private static String shown(List<Double> figures) {
      double[] sorted = figures.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      return sorted.length == 0
          ? "–"
          : number(median(figures))
              + " ("
              + number(sorted[0])
              + "–"
              + number(sorted[sorted.length - 1])
              + ")";
    }

    /** Three digits tell enough. */
    private static String number(double figure) {
      if (figure >= 100 || figure == 0) {
        return String.format(Locale.ROOT, "%,.0f", figure);
      }
      return String.format(Locale.ROOT, figure >= 10 ? "%.1f" : "%.2f", figure);
    }
  }

  void add(String what, Better better, boolean ours, double figure) {
    Row row =
        rows.computeIfAbsent(
            what, _ -> new Row(what, better, new ArrayList<>(), new ArrayList<>()));
    (ours ? row.ours : row.theirs).add(figure);
  }

  List<Row> rows() {
    return List.copyOf(rows.values());
  }

  /** The ratio in the middle of all that were measured. */
  double medianRatio() {
    return median(rows.values().stream().mapToDouble(Row::ratio));
  }

  static double median(List<Double> figures) {
    return median(figures.stream().mapToDouble(Double::doubleValue));
  }

  /** The figure in the middle, or halfway between the two there. */
  static double median(DoubleStream figures) {
    double[] sorted = figures.sorted().toArray();
    int middle = sorted.length / 2;
    if (sorted.length == 0) {
      return Double.NaN;
    }
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** As a table in Markdown, which reads well in a terminal too. */
  void print(PrintStream out) {
    String form = "| %-52s | %-28s | %-28s | %7s |%n";
    out.printf(form, "medians (lowest–highest)", "Hikyaku", peer, "ratio");
    out.printf(form, "---", "---", "---", "---:");
    for (Row row : rows.values()) {
      out.printf(
          form,
          row.what,
          Row.shown(row.ours),
          Row.shown(row.theirs),
          String.format(Locale.ROOT, "%.2f", row.ratio()));
    }
    out.printf(
        Locale.ROOT,
        "%nRatios tell how many times better Hikyaku is. The median of them is %.2f; %d of %d are below 1.%n",
        medianRatio(),
        rows.values().stream().filter(row -> row.ratio() < 1).count(),
        rows.size());
  }
}
