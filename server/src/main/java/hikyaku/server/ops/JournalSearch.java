package hikyaku.server.ops;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Looks for lines in the files of a journal, the newest file first. One search at a time, on a
 * thread of its own: it keeps a processor busy. Bounded in memory by the size of a file, and by the
 * number of lines that are wanted.
 */
public final class JournalSearch {
  /** How long a search may take; what it has not come to by then is said to be missing. */
  static final Duration TIME = Duration.ofSeconds(2);

  /** Lines that a search gives, the newest. */
  static final int MOST_LINES = 2000;

  private static final ExecutorService THREAD =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform()
              .daemon()
              .priority(Thread.MIN_PRIORITY)
              .name("journal-search")
              .factory());

  private final Path directory;
  private final @Nullable Journal journal;
  private final Duration time;

  /**
   * @param journal that is being written; null for one whose process does not run
   */
  public JournalSearch(Path directory, @Nullable Journal journal) {
    this(directory, journal, TIME);
  }

  /**
   * @param time in place of {@link #TIME}
   */
  JournalSearch(Path directory, @Nullable Journal journal, Duration time) {
    this.directory = directory;
    this.journal = journal;
    this.time = time;
  }

  /**
   * What was found.
   *
   * @param lines as they were written, the oldest first
   * @param since when the oldest line was logged that was looked at, in microseconds since 1970; 0
   *     if there is none
   * @param all whether all that is kept was looked at, and all that was found is here
   */
  public record Found(List<JsonNode> lines, long since, boolean all) {}

  /**
   * Finds lines.
   *
   * @param text that they have, in whichever case
   * @param fits whether a line that has it is wanted
   * @param since when it was logged at the earliest, in microseconds since 1970
   */
  Found find(String text, Predicate<JsonNode> fits, long since)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    Journal written = journal;
    if (written != null) {
      written.flush(time);
    }
    try {
      return THREAD.submit(() -> search(Needle.of(text), fits, since, deadline)).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private Found search(Needle needle, Predicate<JsonNode> fits, long since, long deadline)
      throws IOException {
    Deque<JsonNode> found = new ArrayDeque<>();
    long back = 0;
    boolean all = true;
    for (Path file : Journal.files(directory).reversed()) {
      if (System.nanoTime() - deadline > 0 || found.size() >= MOST_LINES) {
        all = false;
        break;
      }
      if (Files.getLastModifiedTime(file).toMillis() * 1000 < since) {
        break;
      }
      byte[] octets;
      try {
        octets = Files.readAllBytes(file);
      } catch (NoSuchFileException tidiedAway) {
        break;
      }
      back = firstTime(octets, back);
      List<JsonNode> here = new ArrayList<>();
      for (int at = needle.in(octets, 0); at >= 0; ) {
        int from = lineStart(octets, at);
        int to = lineEnd(octets, at);
        JsonNode line = parsed(octets, from, to);
        if (line != null && time(line) >= since && fits.test(line)) {
          here.add(line);
        }
        at = needle.in(octets, to);
      }
      here.reversed().forEach(found::addFirst);
    }
    while (found.size() > MOST_LINES) {
      all = false;
      found.removeFirst();
    }
    return new Found(List.copyOf(found), back, all);
  }

  static long time(JsonNode line) {
    JsonNode time = line.get("t");
    return time == null ? 0 : time.longValue();
  }

  private static long firstTime(byte[] octets, long otherwise) {
    JsonNode line = parsed(octets, 0, lineEnd(octets, 0));
    return line == null ? otherwise : time(line);
  }

  /** Null for a line that was cut off. */
  private static @Nullable JsonNode parsed(byte[] octets, int from, int to) {
    try {
      JsonNode line = Json.MAPPER.readTree(octets, from, to - from);
      return line.isObject() ? line : null;
    } catch (JacksonException e) {
      return null;
    }
  }

  private static int lineStart(byte[] octets, int at) {
    int from = at;
    while (from > 0 && octets[from - 1] != '\n') {
      from--;
    }
    return from;
  }

  private static int lineEnd(byte[] octets, int at) {
    int to = at;
    while (to < octets.length && octets[to] != '\n') {
      to++;
    }
    return to;
  }

  /** A text to look for among octets, letters of ASCII in either case (Horspool's algorithm). */
  record Needle(byte[] folded, int[] shift) {
    static Needle of(String text) {
      byte[] folded = text.getBytes(UTF_8);
      if (folded.length == 0) {
        throw new IllegalArgumentException("nothing to look for");
      }
      for (int i = 0; i < folded.length; i++) {
        folded[i] = fold(folded[i]);
      }
      int[] shift = new int[256];
      Arrays.fill(shift, folded.length);
      for (int i = 0; i < folded.length - 1; i++) {
        int step = folded.length - 1 - i;
        shift[folded[i] & 0xff] = step;
        if (folded[i] >= 'a' && folded[i] <= 'z') {
          shift[folded[i] - 'a' + 'A'] = step;
        }
      }
      return new Needle(folded, shift);
    }

    private static byte fold(byte octet) {
      return octet >= 'A' && octet <= 'Z' ? (byte) (octet + 'a' - 'A') : octet;
    }

    /** Where it is, from a place on; -1 if nowhere. */
    int in(byte[] octets, int from) {
      int last = folded.length - 1;
      int at = from;
      while (at + last < octets.length) {
        int i = last;
        while (i >= 0 && fold(octets[at + i]) == folded[i]) {
          i--;
        }
        if (i < 0) {
          return at;
        }
        at += shift[octets[at + last] & 0xff];
      }
      return -1;
    }
  }
}
