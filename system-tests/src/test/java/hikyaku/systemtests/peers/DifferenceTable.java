package hikyaku.systemtests.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The explained differences to a peer. Each line of the file has, between tabs: a verdict, the
 * transcript, the command, what of the answer differs, what we say, what they say, and why. {@code
 * *} stands for anything. The first row that fits explains a difference.
 *
 * <p>Three verdicts say what is not compared: {@code left-out} a whole transcript, {@code skip} a
 * command, and {@code end} a command and what follows it in its transcript.
 */
public final class DifferenceTable {
  private static final int COLUMNS = 7;

  /** What a row says of the differences that it fits. */
  enum Verdict {
    /** We are wrong. */
    OURS,
    /** They are wrong. */
    THEIRS,
    /** The RFC leaves it open. */
    FREE,
    /** They do not have the extension, or have it switched off. */
    LACKING,
    /** Another difference, further up in the transcript, has brought this about. */
    FOLLOWS,
    LEFT_OUT,
    SKIP,
    END;

    boolean isDifference() {
      return ordinal() < LEFT_OUT.ordinal();
    }

    String word() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
  }

  private record Row(int line, Verdict verdict, List<Pattern> patterns, String why) {
    boolean fits(String... values) {
      for (int i = 0; i < values.length; i++) {
        if (!patterns.get(i).matcher(values[i]).matches()) {
          return false;
        }
      }
      return true;
    }

    boolean isSilence() {
      return patterns.getLast().pattern().equals(Pattern.quote(Difference.NOTHING));
    }
  }

  private final Path file;
  private final List<Row> rows = new ArrayList<>();
  private final Set<Row> used = new HashSet<>();

  public DifferenceTable(Path file) throws IOException {
    this.file = file;
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] columns = line.split("\t");
      Optional<Verdict> verdict =
          Stream.of(Verdict.values()).filter(v -> v.word().equals(columns[0])).findAny();
      if (columns.length != COLUMNS || verdict.isEmpty()) {
        throw new IOException(file + ":" + (i + 1) + ": not a row: " + line);
      }
      List<Pattern> patterns =
          List.of(columns).subList(1, COLUMNS - 1).stream().map(DifferenceTable::glob).toList();
      rows.add(new Row(i + 1, verdict.get(), patterns, columns[COLUMNS - 1]));
    }
  }

  private static Pattern glob(String text) {
    return Pattern.compile(
        Stream.of(text.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")),
        Pattern.DOTALL);
  }

  private Optional<Row> first(Verdict verdict, String... values) {
    Optional<Row> found =
        rows.stream().filter(row -> row.verdict == verdict && row.fits(values)).findFirst();
    found.ifPresent(this::use);
    return found;
  }

  private synchronized void use(Row row) {
    used.add(row);
  }

  /** Whether a transcript is not played. */
  public boolean leavesOut(String transcript) {
    return first(Verdict.LEFT_OUT, transcript).isPresent();
  }

  /** Whether the peer is not told a command. */
  boolean skips(String transcript, String command) {
    return first(Verdict.SKIP, transcript, command).isPresent();
  }

  /** Whether what follows a command is not compared. */
  boolean endsAt(String transcript, String command) {
    return first(Verdict.END, transcript, command).isPresent();
  }

  private Optional<Row> explaining(Difference difference) {
    return rows.stream()
        .filter(row ->
            row.verdict.isDifference()
                && row.fits(
                    difference.transcript(),
                    difference.command(),
                    difference.what(),
                    difference.ours(),
                    difference.theirs()))
        .findFirst();
  }

  /** Whether it is explained that the peer does not say something at all. */
  boolean expectsSilence(Difference difference) {
    return explaining(difference).filter(Row::isSilence).isPresent();
  }

  /**
   * Whatever is wrong with the table if these are all the differences there are: nothing, mostly.
   */
  public List<String> problems(Collection<Difference> differences) {
    List<String> problems = new ArrayList<>();
    for (Difference difference : differences) {
      Optional<Row> explained = explaining(difference);
      explained.ifPresent(this::use);
      if (explained.isEmpty()) {
        problems.add("not explained: " + difference);
      }
    }
    for (Row row : rows) {
      if (!used.contains(row)) {
        problems.add(file.getFileName() + ":" + row.line + " explains nothing: " + row.why);
      }
    }
    return problems;
  }

  /** How many differences there are of each verdict. */
  public Map<String, Long> summary(Collection<Difference> differences) {
    return differences.stream()
        .flatMap(difference -> explaining(difference).stream())
        .collect(
            Collectors.groupingBy(row -> row.verdict.word(), TreeMap::new, Collectors.counting()));
  }
}
