package hikyaku.server.ops;

import java.util.List;

/**
 * A table on the status page.
 *
 * @param heads of its columns
 * @param rows as many cells each as there are heads
 * @param ifEmpty a sentence in place of a table without rows
 */
public record StatusTable(String title, List<String> heads, List<List<Cell>> rows, String ifEmpty) {
  public StatusTable {
    heads = List.copyOf(heads);
    rows = List.copyOf(rows);
  }

  /** How a cell is shown. */
  public enum Mood {
    PLAIN,
    /** All is well. */
    GOOD,
    /** Somebody should look. */
    BAD,
    /** Of no concern now. */
    FAINT
  }

  /** What a cell says. */
  public record Cell(String text, Mood mood) {
    public static Cell of(String text) {
      return new Cell(text, Mood.PLAIN);
    }

    public static Cell of(long count) {
      return of(Figures.count(count));
    }
  }
}
