package hikyaku.mailbox.text;

import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.mime.FoldedText;
import java.util.BitSet;
import java.util.List;

/**
 * What is known of the texts of messages without reading them. It may know nothing, or of some
 * messages only, and is never wrong: a search that asks it gives the same answer as one that does
 * not.
 */
@FunctionalInterface
public interface TextIndex {
  /** Knows nothing. */
  TextIndex NONE = (log, state, wanted) -> wanted.stream().map(_ -> new BitSet()).toList();

  /**
   * Messages that need not be read.
   *
   * @param state of the mailbox of that log
   * @param wanted each some strings, none of them empty, that are wanted in one message
   * @return for each of {@code wanted} the indexes of messages of {@code state} that lack at least
   *     one of its strings, in {@linkplain MessageTexts#everything all their texts}; those of
   *     others are to be read
   */
  List<BitSet> lacking(LogName log, MailboxState state, List<List<FoldedText>> wanted);
}
