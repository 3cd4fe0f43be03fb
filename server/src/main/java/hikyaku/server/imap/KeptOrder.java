package hikyaku.server.imap;

import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntToLongFunction;

/**
 * Messages of a mailbox as a SORT has put them in order, by their UIDs. It stays right whatever
 * becomes of the mailbox: what a message says never changes, and what it is sorted by neither.
 * Immutable.
 */
final class KeptOrder {
  /** Octets of memory for each message. */
  static final int OCTETS = 2 * Integer.BYTES;

  /** Messages of one part, when others are put between. */
  private static final int PART = 64;

  /** Rising, as unsigned numbers. */
  private final int[] uids;

  /** Places in {@link #uids}, in order. */
  private final int[] places;

  private KeptOrder(int[] uids, int[] places) {
    this.uids = uids;
    this.places = places;
  }

  /**
   * Keeps an order.
   *
   * @param sorted indexes of messages, each once
   * @param size how many messages there are
   * @param uid of an index, rising with it
   */
  static KeptOrder of(int[] sorted, int size, IntToLongFunction uid) {
    BitSet within = new BitSet(size);
    for (int index : sorted) {
      within.set(index);
    }
    int[] placeOf = new int[size];
    int[] uids = new int[sorted.length];
    int place = 0;
    for (int index = within.nextSetBit(0); index >= 0; index = within.nextSetBit(index + 1)) {
      placeOf[index] = place;
      uids[place++] = (int) uid.applyAsLong(index);
    }
    int[] places = new int[sorted.length];
    Arrays.setAll(places, at -> placeOf[sorted[at]]);
    return new KeptOrder(uids, places);
  }

  int size() {
    return uids.length;
  }

  /**
   * The indexes that the messages have now, in order; those that are gone are left out.
   *
   * @param size how many messages there are
   * @param uid of an index, rising with it
   */
  int[] indexes(int size, IntToLongFunction uid) {
    int[] indexOf = new int[uids.length];
    int index = 0;
    for (int place = 0; place < uids.length; place++) {
      long wanted = Integer.toUnsignedLong(uids[place]);
      while (index < size && uid.applyAsLong(index) < wanted) {
        index++;
      }
      indexOf[place] = index < size && uid.applyAsLong(index) == wanted ? index : -1;
    }
    return Arrays.stream(places).map(place -> indexOf[place]).filter(each -> each >= 0).toArray();
  }

  /** Puts messages in order, those that say the same by their indexes. */
  @FunctionalInterface
  interface Sorting {
    /**
     * Sorts some.
     *
     * @param indexes rising
     */
    int[] of(int[] indexes) throws IOException;
  }

  /**
   * Messages that are in order with others put between them. Of the former only some are looked at:
   * the first of each part of them tells which parts the others belong in, and those are sorted
   * anew.
   *
   * @param known in order
   * @param others rising, none of which is known
   */
  static int[] merged(int[] known, int[] others, Sorting sorting) throws IOException {
    int parts = Math.ceilDiv(known.length, PART);
    int[] firsts = new int[parts];
    Arrays.setAll(firsts, part -> known[part * PART]);
    BitSet changed = new BitSet(parts + 1);
    int begun = 0;
    for (int index : sorting.of(rising(firsts, others))) {
      if (has(others, index)) {
        changed.set(begun);
      } else {
        begun++;
      }
    }
    int[] anew = sorting.of(rising(ofParts(known, changed), others));
    int[] merged = new int[known.length + others.length];
    int to = 0;
    int from = 0;
    for (int part = 0; part <= parts; part++) {
      int start = start(part);
      int length = Math.min(known.length, start(part + 1)) - start;
      if (!changed.get(part)) {
        System.arraycopy(known, start, merged, to, length);
        to += length;
        continue;
      }
      for (; from < anew.length && (length > 0 || has(others, anew[from])); from++) {
        length -= has(others, anew[from]) ? 0 : 1;
        merged[to++] = anew[from];
      }
    }
    return merged;
  }

  /** Part 0 has none: it is what comes before the first of all. */
  private static int start(int part) {
    return Math.max(0, part - 1) * PART;
  }

  private static int[] ofParts(int[] known, BitSet parts) {
    return parts.stream()
        .flatMap(part -> Arrays.stream(known, start(part), Math.min(known.length, start(part + 1))))
        .toArray();
  }

  private static int[] rising(int[] some, int[] more) {
    int[] all = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, all, some.length, more.length);
    Arrays.sort(all);
    return all;
  }

  private static boolean has(int[] rising, int index) {
    return Arrays.binarySearch(rising, index) >= 0;
  }
}
