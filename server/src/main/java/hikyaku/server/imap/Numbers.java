package hikyaku.server.imap;

import hikyaku.mailbox.log.UidSet;
import hikyaku.protocol.imap.NumberSet;

/** Sets of the grammar to sets of the mailbox and back: the two sides do not know each other. */
final class Numbers {
  private Numbers() {}

  static UidSet uids(NumberSet numbers) {
    UidSet.Builder uids = new UidSet.Builder();
    for (int range = 0; range < numbers.ranges(); range++) {
      uids.add(numbers.low(range), numbers.high(range));
    }
    return uids.build();
  }

  static NumberSet numbers(UidSet uids) {
    NumberSet.Builder numbers = new NumberSet.Builder();
    for (UidSet.Range range : uids.ranges()) {
      numbers.add(range.first(), range.last());
    }
    return numbers.build();
  }
}
