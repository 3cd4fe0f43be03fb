package hikyaku.mailbox.view;

import hikyaku.mailbox.store.StoreException;

/** Who looks after the memory that folded mailboxes take together. */
public interface FoldKeeper {
  /** For a mailbox that is folded for one purpose, and then let go. */
  FoldKeeper NONE =
      new FoldKeeper() {
        @Override
        public void admit(long messages) {}

        @Override
        public void grew(Mailbox mailbox) {}
      };

  /**
   * A mailbox that is not in memory is about to be folded.
   *
   * @param messages how many it has
   * @throws StoreException.Unavailable if there is no memory for so many beside those in use
   */
  void admit(long messages);

  /** A mailbox takes much more memory than it did. */
  void grew(Mailbox mailbox);
}
