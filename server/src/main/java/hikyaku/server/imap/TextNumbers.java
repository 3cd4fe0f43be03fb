package hikyaku.server.imap;

import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntSupplier;

/**
 * Numbers that stand for texts. Of a text only a hash is kept, 20 octets each, so that those of a
 * million messages fit in little memory.
 *
 * <p>The hash is the value of two polynomials over the text modulo 2^61-1, at points that nobody
 * outside knows: two texts of n characters have the same with a probability of (n/3)^2 in 2^122, be
 * they made for it or not.
 */
final class TextNumbers {
  static final int NONE = -1;

  private static final long PRIME = (1L << 61) - 1;

  /** Characters of 16 bits that fit below the prime together. */
  private static final int TOGETHER = 3;

  private final long firstPoint = ThreadLocalRandom.current().nextLong(1L << 32, PRIME);
  private final long secondPoint = ThreadLocalRandom.current().nextLong(1L << 32, PRIME);

  /** A slot is free if its number is {@link #NONE}; a text is in its slot or the next free one. */
  private long[] firsts = new long[64];

  private long[] seconds = new long[64];
  private int[] numbers = new int[64];
  private int size;

  TextNumbers() {
    Arrays.fill(numbers, NONE);
  }

  /** The number of a text; the given one from now on if it has none. */
  int computeIfAbsent(String text, IntSupplier number) {
    long first = text.length() + 1L;
    long second = first;
    for (int at = 0; at < text.length(); at += TOGETHER) {
      long some = 0;
      for (int i = at; i < Math.min(at + TOGETHER, text.length()); i++) {
        some = some << Character.SIZE | text.charAt(i);
      }
      first = sum(product(first, firstPoint), some);
      second = sum(product(second, secondPoint), some);
    }
    int slot = slot(first, second);
    if (numbers[slot] == NONE) {
      if (3 * (size + 1) > 2 * numbers.length) {
        grow();
        slot = slot(first, second);
      }
      firsts[slot] = first;
      seconds[slot] = second;
      numbers[slot] = number.getAsInt();
      size++;
    }
    return numbers[slot];
  }

  private int slot(long first, long second) {
    int mask = numbers.length - 1;
    int slot = (int) (first ^ first >>> 32) & mask;
    while (numbers[slot] != NONE && (firsts[slot] != first || seconds[slot] != second)) {
      slot = slot + 1 & mask;
    }
    return slot;
  }

  private void grow() {
    long[] oldFirsts = firsts;
    long[] oldSeconds = seconds;
    int[] old = numbers;
    firsts = new long[2 * old.length];
    seconds = new long[2 * old.length];
    numbers = new int[2 * old.length];
    Arrays.fill(numbers, NONE);
    for (int i = 0; i < old.length; i++) {
      if (old[i] != NONE) {
        int slot = slot(oldFirsts[i], oldSeconds[i]);
        firsts[slot] = oldFirsts[i];
        seconds[slot] = oldSeconds[i];
        numbers[slot] = old[i];
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
