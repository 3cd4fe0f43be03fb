package hikyaku.server.imap;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntSupplier;

/**
 * Numbers that stand for texts. Of a text only a hash is kept, 24 octets each, so that those of a
 * million messages fit in little memory.
 *
 * <p>The hash is the value of two polynomials over the text modulo 2^61-1, at points that nobody
 * outside knows: two texts of n octets have the same with a probability of (n/7)^2 in 2^122, be
 * they made for it or not.
 */
final class TextNumbers {
  static final int NONE = -1;

  private static final long PRIME = (1L << 61) - 1;

  /** Octets that fit below the prime together. */
  private static final int TOGETHER = 7;

  private static final long MASK = (1L << TOGETHER * Byte.SIZE) - 1;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** Of a slot: two hashes and a number. */
  private static final int SLOT = 3;

  private final long firstPoint = ThreadLocalRandom.current().nextLong(1L << 32, PRIME);
  private final long secondPoint = ThreadLocalRandom.current().nextLong(1L << 32, PRIME);

  /**
   * Slots, side by side, for each is looked for in another place of the memory. A slot is free if
   * its number is {@link #NONE}; a text is in its slot or the next free one.
   */
  private long[] slots = free(64);

  private int size;

  private static long[] free(int count) {
    long[] slots = new long[SLOT * count];
    for (int at = SLOT - 1; at < slots.length; at += SLOT) {
      slots[at] = NONE;
    }
    return slots;
  }

  /** The number of a text; the given one from now on if it has none. */
  int computeIfAbsent(byte[] text, IntSupplier number) {
    long first = text.length + 1L;
    long second = first;
    for (int at = 0; at < text.length; at += TOGETHER) {
      long some = together(text, at);
      first = sum(product(first, firstPoint), some);
      second = sum(product(second, secondPoint), some);
    }
    int slot = slot(first, second);
    if (slots[slot + 2] == NONE) {
      if (3 * SLOT * (size + 1L) > 2L * slots.length) {
        grow();
        slot = slot(first, second);
      }
      slots[slot] = first;
      slots[slot + 1] = second;
      slots[slot + 2] = number.getAsInt();
      size++;
    }
    return (int) slots[slot + 2];
  }

  private static long together(byte[] text, int from) {
    if (from + Long.BYTES <= text.length) {
      return (long) LONGS.get(text, from) & MASK;
    }
    long some = 0;
    for (int at = Math.min(from + TOGETHER, text.length) - 1; at >= from; at--) {
      some = some << Byte.SIZE | text[at] & 0xFF;
    }
    return some;
  }

  /** Where the slot starts that has a text, or is free for it. */
  private int slot(long first, long second) {
    int last = slots.length / SLOT - 1;
    int slot = (int) (first ^ first >>> 32) & last;
    while (true) {
      int at = SLOT * slot;
      if (slots[at + 2] == NONE || slots[at] == first && slots[at + 1] == second) {
        return at;
      }
      slot = slot + 1 & last;
    }
  }

  private void grow() {
    long[] old = slots;
    slots = free(2 * old.length / SLOT);
    for (int at = 0; at < old.length; at += SLOT) {
      if (old[at + 2] != NONE) {
        System.arraycopy(old, at, slots, slot(old[at], old[at + 1]), SLOT);
      }
    }
  }

  /** Both below the prime, or one of them a little above. */
  private static long sum(long one, long other) {
    long sum = one + other;
    return sum >= PRIME ? sum - PRIME : sum;
  }

  private static long product(long one, long other) {
    long low = one * other;
    long high = Math.multiplyHigh(one, other);
    return sum(low & PRIME, low >>> 61 | high << 3);
  }
}
