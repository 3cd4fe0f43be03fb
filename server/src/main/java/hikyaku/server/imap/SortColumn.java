package hikyaku.server.imap;

import hikyaku.protocol.imap.SortKey;
import hikyaku.protocol.mime.Casemap;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * What one criterion says of each message that is to be sorted: a number, or a text by
 * i;unicode-casemap. It takes 8 octets of memory a message, or 16 and the text.
 */
final class SortColumn {
  /** Octets that a row takes beside what is in columns: its place among the others. */
  private static final int PLACE = 16;

  /** Octets that a text takes, about, with where it is. */
  private static final int TEXT = 48;

  /** Octets of texts that are kept in one array. */
  private static final int PAGE = 1 << 16;

  private static final int LENGTH_BITS = 24;
  private static final int OFFSET_BITS = 17;
  private static final int LONGEST = (1 << LENGTH_BITS) - 1;

  /** What a number may have so that it fits before the number of a row. */
  private static final int NUMBER_BITS = 39;

  private static final int ROW_BITS = 63 - NUMBER_BITS;

  private final SortKey key;

  /** Of a text its first octets, as a number that compares as they do. */
  private final long[] numbers;

  /** Where each row's text is: page, offset, length. Empty if the column is of numbers. */
  private final long[] places;

  /** Folded texts; their octets compare as their code points do. */
  private byte[][] pages = new byte[4][];

  private int page = -1;
  private int used = PAGE;

  SortColumn(SortKey key, int rows) {
    this.key = key;
    this.numbers = new long[rows];
    this.places = new long[isNumeric(key.criterion()) ? 0 : rows];
    if (places.length > 0) {
      Arrays.fill(numbers, Long.MIN_VALUE);
    }
  }

  /** Octets of memory that a message takes, about, if it is sorted by these. */
  static long octets(List<SortKey> keys) {
    return PLACE
        + keys.stream().mapToLong(key -> isNumeric(key.criterion()) ? Long.BYTES : TEXT).sum();
  }

  private static boolean isNumeric(SortKey.Criterion criterion) {
    return switch (criterion) {
      case ARRIVAL, DATE, RELEVANCY, SIZE -> true;
      case CC, DISPLAYFROM, DISPLAYTO, FROM, SUBJECT, TO -> false;
    };
  }

  SortKey.Criterion criterion() {
    return key.criterion();
  }

  void set(int row, long number) {
    numbers[row] = number;
  }

  void set(int row, String text) {
    byte[] folded = Casemap.fold(text).getBytes(StandardCharsets.UTF_8);
    int length = Math.min(folded.length, LONGEST);
    long first = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      first = first << Byte.SIZE | (i < length ? folded[i] & 0xFF : 0);
    }
    numbers[row] = first ^ Long.MIN_VALUE;
    if (length == 0) {
      return;
    }
    if (length > PAGE - used) {
      if (++page == pages.length) {
        pages = Arrays.copyOf(pages, 2 * page);
      }
      pages[page] = new byte[Math.max(PAGE, length)];
      used = 0;
    }
    System.arraycopy(folded, 0, pages[page], used, length);
    places[row] = (long) page << LENGTH_BITS + OFFSET_BITS | (long) used << LENGTH_BITS | length;
    used = Math.min(PAGE, used + length);
  }

  private int compare(int one, int other) {
    int order = Long.compare(numbers[one], numbers[other]);
    if (order == 0 && places.length > 0) {
      order = compareTexts(places[one], places[other]);
    }
    return key.reverse() ? -order : order;
  }

  private int compareTexts(long one, long other) {
    int oneFrom = offset(one);
    int otherFrom = offset(other);
    return Arrays.compareUnsigned(
        octets(one),
        oneFrom,
        oneFrom + length(one),
        octets(other),
        otherFrom,
        otherFrom + length(other));
  }

  private byte[] octets(long place) {
    return length(place) == 0 ? NOTHING : pages[(int) (place >>> LENGTH_BITS + OFFSET_BITS)];
  }

  private static final byte[] NOTHING = new byte[0];

  private static int offset(long place) {
    return length(place) == 0 ? 0 : (int) (place >>> LENGTH_BITS) & (1 << OFFSET_BITS) - 1;
  }

  private static int length(long place) {
    return (int) place & LONGEST;
  }

  // ---- the order of rows

  /**
   * Rows in the order that the columns say, the first before the others. What all leave equal stays
   * as it is (RFC 5256 §3).
   */
  static int[] order(List<SortColumn> columns, int rows) {
    if (columns.size() == 1 && columns.getFirst().isPackable(rows)) {
      return columns.getFirst().orderOfNumbers(rows);
    }
    int[] order = new int[rows];
    Arrays.setAll(order, row -> row);
    IntSort.sort(order, (one, other) -> compare(columns, one, other));
    return order;
  }

  private boolean isPackable(int rows) {
    return places.length == 0
        && rows < 1 << ROW_BITS
        && Arrays.stream(numbers)
            .allMatch(number -> -(1L << NUMBER_BITS) < number && number < 1L << NUMBER_BITS);
  }

  /** Number and row in one, which the platform sorts many times faster than by comparing rows. */
  private int[] orderOfNumbers(int rows) {
    long[] packed = new long[rows];
    Arrays.setAll(packed, row -> (key.reverse() ? -numbers[row] : numbers[row]) << ROW_BITS | row);
    Arrays.sort(packed);
    int[] order = new int[rows];
    Arrays.setAll(order, i -> (int) packed[i] & (1 << ROW_BITS) - 1);
    return order;
  }

  private static int compare(List<SortColumn> columns, int one, int other) {
    for (int i = 0; i < columns.size(); i++) {
      int order = columns.get(i).compare(one, other);
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }
}
