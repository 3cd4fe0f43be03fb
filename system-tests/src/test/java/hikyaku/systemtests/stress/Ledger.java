package hikyaku.systemtests.stress;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What is true of one mailbox, gathered from acknowledgements: which message has which UID, and
 * which were expunged by their owner. A message's text follows from its number, so every octet can
 * be checked by whoever reads it.
 */
final class Ledger {
  private final AtomicInteger numbers;

  /** UID to message number, as acknowledged or, for deliveries by SMTP, as first seen. */
  private final Map<Long, Integer> byUid = new ConcurrentHashMap<>();

  private final Set<Integer> accepted = ConcurrentHashMap.newKeySet();
  private final Set<Long> expunged = ConcurrentHashMap.newKeySet();

  private final Set<Long> marked = ConcurrentHashMap.newKeySet();

  /** Copies from the other mailbox: seconds of a number that may be here already. */
  private final Set<Long> copies = ConcurrentHashMap.newKeySet();

  Ledger(AtomicInteger numbers) {
    this.numbers = numbers;
  }

  int newNumber() {
    return numbers.incrementAndGet();
  }

  /** The text of a message: headers, and a body whose length and octets vary with the number. */
  static String text(int number) {
    StringBuilder text = new StringBuilder();
    text.append("From: stress@demo.test\r\nTo: you@demo.test\r\nSubject: number ")
        .append(number)
        .append("\r\nMessage-ID: <")
        .append(number)
        .append("@stress.test>\r\nX-Number: ")
        .append(number)
        .append("\r\n\r\n");
    int lines = number % 7 == 0 ? 3_000 : number % 40;
    for (int i = 0; i < lines; i++) {
      if (i % 5 == 3) {
        text.append('.');
      }
      text.append("line ").append(i).append(" of ").append(number * 31L).append("\r\n");
    }
    return text.toString();
  }

  /** The server said OK to a message, however it came. */
  void accepted(int number) {
    accepted.add(number);
  }

  /** A client sees this message under this UID. */
  void seen(long uid, int number) {
    Integer before = byUid.putIfAbsent(uid, number);
    if (before != null && before != number) {
      throw new AssertionError("UID " + uid + " is message " + before + " and " + number);
    }
  }

  Integer numberOf(long uid) {
    return byUid.get(uid);
  }

  void expunged(long uid) {
    if (!expunged.add(uid)) {
      throw new AssertionError("UID " + uid + " was acknowledged as expunged twice");
    }
  }

  /** A copy is not the message that was accepted here, and its going takes nothing away. */
  void copied(long uid) {
    copies.add(uid);
  }

  boolean isCopy(long uid) {
    return copies.contains(uid);
  }

  boolean isExpunged(long uid) {
    return expunged.contains(uid);
  }

  /**
   * A message carries a keyword that its only user did not give it here: it can only be a copy of
   * one that had it elsewhere, though whoever made it may not have said so yet.
   */
  void mustBeCopy(long uid) {
    marked.add(uid);
  }

  void checkCopies() {
    for (long uid : marked) {
      if (!isCopy(uid)) {
        throw new AssertionError("UID " + uid + " has a keyword that nobody gave it");
      }
    }
  }

  /** Message numbers that must be in the mailbox when all is quiet, and how often. */
  Set<Integer> expected() {
    Set<Integer> left = new TreeSet<>(accepted);
    expunged.stream().filter(uid -> !isCopy(uid)).forEach(uid -> left.remove(byUid.get(uid)));
    return left;
  }
}
