package hikyaku.server.imap;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import hikyaku.protocol.imap.SortKey;
import hikyaku.protocol.mime.Casemap;
import java.util.Arrays;
import java.util.List;

/**
 * What one criterion says of each message that is to be sorted: a number, or a text by
 * i;unicode-casemap. Both are octets, of which the first that differ decide. It takes 8 octets of
 * memory a message, and the text.
 */
final class SortColumn {
  /** Octets of a {@link #word}. */
  static final int WORD = Integer.BYTES;

  /** What {@link #agreed} says of two that are equal. */
  static final int ALL = Integer.MAX_VALUE;

  /** Octets that a row takes beside what is in columns: its place among the others. */
  private static final int PLACE = 24;

  /** Octets that a text takes, about, with where it is. */
  private static final int TEXT = 40;

  /** Octets of texts that are kept in one array. */
  private static final int PAGE = 1 << 16;

  private static final int LENGTH_BITS = 24;
  private static final int OFFSET_BITS = 17;
  private static final int LONGEST = (1 << LENGTH_BITS) - 1;

  private final SortKey key;
  private final boolean numeric;

  /** Of each row its number, or where its text is: page, offset, length. */
  private final long[] values;

  /** Folded texts; their octets compare as their code points do. */
  private byte[][] pages = new byte[4][];

  private int page = -1;
  private int used = PAGE;
  private long octetsOfTexts;

  SortColumn(SortKey key, int rows) {
    this.key = key;
    this.numeric = isNumeric(key.criterion());
    this.values = new long[rows];
  }

  /** Octets of memory that a message takes, about, if it is sorted by these. */
  static long octets(List<SortKey> keys) {
    return PLACE
        + keys.stream().mapToLong(key -> isNumeric(key.criterion()) ? Long.BYTES : TEXT).sum();
  }

  /** The same without texts, of which {@link #octetsOfTexts} tells. */
  static long octetsWithoutTexts(List<SortKey> keys) {
    return PLACE + (long) Long.BYTES * keys.size();
  }

  private static boolean isNumeric(SortKey.Criterion criterion) {
    return switch (criterion) {
      case ARRIVAL, DATE, RELEVANCY, SIZE -> true;
      case CC, DISPLAYFROM, DISPLAYTO, FROM, SUBJECT, TO -> false;
    };
  }

  /** Octets of memory that texts take by now, which may be as long as whoever wrote them likes. */
  long octetsOfTexts() {
    return octetsOfTexts;
  }

  SortKey.Criterion criterion() {
    return key.criterion();
  }

  void set(int row, long number) {
    values[row] = number;
  }

  void set(int row, String text) {
    set(row, UnsafeByteOperations.unsafeWrap(Casemap.foldToUtf8(text)));
  }

  /**
   * @param folded in UTF-8
   */
  void set(int row, ByteString folded) {
    int length = Math.min(folded.size(), LONGEST);
    if (length == 0) {
      return;
    }
    if (length > PAGE - used) {
      if (++page == pages.length) {
        pages = Arrays.copyOf(pages, 2 * page);
      }
      pages[page] = new byte[Math.max(PAGE, length)];
      octetsOfTexts += pages[page].length;
      used = 0;
    }
    folded.copyTo(pages[page], 0, used, length);
    values[row] = (long) page << LENGTH_BITS + OFFSET_BITS | (long) used << LENGTH_BITS | length;
    used = Math.min(PAGE, used + length);
  }

  /**
   * Of how many octets, from the first, two rows say the same.
   *
   * @param known so many at least, or all
   * @return {@link #ALL} if they are equal
   */
  int agreed(int one, int other, int known) {
    if (numeric) {
      long differing = values[one] ^ values[other];
      return differing == 0 ? ALL : Long.numberOfLeadingZeros(differing) / Byte.SIZE;
    }
    int oneLength = length(one);
    int otherLength = length(other);
    if (oneLength <= known && otherLength <= known) {
      return ALL;
    }
    int oneFrom = offset(one);
    int otherFrom = offset(other);
    int mismatch =
        Arrays.mismatch(
            octets(one),
            oneFrom + Math.min(known, oneLength),
            oneFrom + oneLength,
            octets(other),
            otherFrom + Math.min(known, otherLength),
            otherFrom + otherLength);
    return mismatch < 0 ? ALL : known + mismatch;
  }

  /**
   * The octets that a row says behind the first ones, as a number that compares as they do where
   * those before agree: of those whose words are the same, {@link #agreed} may be asked with those
   * of the word counted in.
   *
   * @return of 32 bits
   */
  long word(int row, int from) {
    long word =
        numeric
            ? (values[row] ^ Long.MIN_VALUE) << from * Byte.SIZE >>> Integer.SIZE
            : textWord(row, from);
    return key.reverse() ? word ^ 0xFFFF_FFFFL : word;
  }

  /** UTF-8 never has 255: each octet is told by one more than it is, the end by 0. */
  private long textWord(int row, int from) {
    byte[] octets = octets(row);
    int at = offset(row) + from;
    int end = offset(row) + length(row);
    long word = 0;
    for (int i = 0; i < WORD; i++, at++) {
      word = word << Byte.SIZE | (at < end ? (octets[at] & 0xFF) + 1 : 0);
    }
    return word;
  }

  private byte[] octets(int row) {
    return length(row) == 0 ? NOTHING : pages[(int) (values[row] >>> LENGTH_BITS + OFFSET_BITS)];
  }

  private static final byte[] NOTHING = new byte[0];

  private int offset(int row) {
    return length(row) == 0 ? 0 : (int) (values[row] >>> LENGTH_BITS) & (1 << OFFSET_BITS) - 1;
  }

  private int length(int row) {
    return (int) values[row] & LONGEST;
  }
}
