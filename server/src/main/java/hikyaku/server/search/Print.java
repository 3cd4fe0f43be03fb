package hikyaku.server.search;

import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.view.MailboxState;

/**
 * By what a message is known again besides its UID: should the store be set back to an older state
 * and go on from there, the messages that it then gives the same UIDs are others.
 */
final class Print {
  private static final long MIX = 0x9E37_79B9_7F4A_7C15L;

  private Print() {}

  static long of(long seq, NewMessage message) {
    return of(seq, message.octets(), message.internalDate().seconds());
  }

  static long of(MailboxState state, int index) {
    return of(state.appendSeq(index), state.octets(index), state.internalDate(index).seconds());
  }

  private static long of(long seq, long octets, long seconds) {
    return mixed(mixed(mixed(seq) ^ octets) ^ seconds);
  }

  private static long mixed(long value) {
    long mixed = value * MIX;
    return mixed ^ mixed >>> 29;
  }
}
