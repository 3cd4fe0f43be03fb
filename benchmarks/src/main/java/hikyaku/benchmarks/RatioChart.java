package hikyaku.benchmarks;

import java.util.List;
import java.util.Locale;

/** Draws how many times better one of two is, a bar for each row, to the right if it is. */
final class RatioChart {
  private static final int ROW = 22;
  private static final int LABELS = 400;
  private static final int SIDE = 260;
  private static final int TOP = 56;

  /** The ratio at the end of a side. */
  private static final double FURTHEST = 100;

  private RatioChart() {}

  /** An SVG document. Ratios are drawn by their logarithms: twice as good is as long as half. */
  static String svg(String peer, List<Comparison.Row> rows) {
    int width = LABELS + 2 * SIDE + 70;
    int height = TOP + rows.size() * ROW + 16;
    int middle = LABELS + SIDE;
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
                + " font-size=\"13\" role=\"img\">%n<title>Hikyaku beside %s</title>%n"
                + "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>%n",
            width,
            height,
            peer,
            width,
            height));
    text(svg, middle - SIDE / 2, 20, "middle", "#8a4b00", "← " + peer + " better");
    text(svg, middle + SIDE / 2, 20, "middle", "#00557a", "Hikyaku better →");
    for (double mark : new double[] {0.01, 0.1, 0.5, 1, 2, 10, 100}) {
      int x = middle + offset(mark);
      svg.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\"/>%n",
              x,
              TOP - 8,
              x,
              height - 10,
              mark == 1 ? "#333" : "#ddd"));
      String label =
          mark < 1 ? "÷" + Math.round(1 / mark) : mark == 1 ? "same" : "×" + Math.round(mark);
      text(svg, x, TOP - 14, "middle", "#555", label);
    }
    for (int i = 0; i < rows.size(); i++) {
      bar(svg, rows.get(i), TOP + i * ROW, middle);
    }
    return svg.append("</svg>\n").toString();
  }

  private static void bar(StringBuilder svg, Comparison.Row row, int y, int middle) {
    double ratio = row.ratio();
    text(svg, LABELS - 6, y + 15, "end", "#111", row.what());
    if (Double.isNaN(ratio)) {
      return;
    }
    int length = offset(ratio);
    svg.append(
        String.format(
            Locale.ROOT,
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>%n",
            Math.min(middle, middle + length),
            y + 3,
            Math.max(1, Math.abs(length)),
            ROW - 7,
            ratio < 1 ? "#d98b2b" : "#2b8cbe"));
    boolean left = ratio < 1;
    text(
        svg,
        middle + length + (left ? -5 : 5),
        y + 15,
        left ? "end" : "start",
        "#111",
        String.format(Locale.ROOT, ratio >= 10 || ratio < 0.1 ? "%.3g" : "%.2f", ratio));
  }

  private static int offset(double ratio) {
    double logarithm = Math.log(ratio) / Math.log(FURTHEST);
    return (int) Math.round(SIDE * Math.clamp(logarithm, -1, 1));
  }

  private static void text(
      StringBuilder svg, int x, int y, String anchor, String colour, String text) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" fill=\"%s\">%s</text>%n",
            x,
            y,
            anchor,
            colour,
            text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")));
  }
}
