package hikyaku.server.imap;

import hikyaku.mailbox.log.Brief;
import hikyaku.protocol.imap.MessageThread;
import java.util.List;

/** Gathers messages into threads. */
interface Threading {
  /**
   * Messages come in the order of the mailbox.
   *
   * @param sent in seconds, UTC
   */
  void add(long number, long sent, Brief brief);

  /** How many messages there are by now, with those that are not there. */
  int places();

  /** The threads of all messages that came. */
  List<? extends MessageThread> threads();
}
