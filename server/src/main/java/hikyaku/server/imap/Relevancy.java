package hikyaku.server.imap;

import java.util.Arrays;

/**
 * How well the messages that a search found fit its FUZZY keys, from 1 to 100 (RFC 6203 §4).
 *
 * @param indexes of the messages, rising
 * @param scores theirs
 */
record Relevancy(int[] indexes, int[] scores) {
  /** Holds the very text. */
  static final int WHOLE = 100;

  /** Has all its words, somewhere. */
  static final int WORDS = 50;

  int of(int index) {
    return scores[Arrays.binarySearch(indexes, index)];
  }
}
