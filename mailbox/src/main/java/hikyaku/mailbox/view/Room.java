package hikyaku.mailbox.view;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.UidSet;
import java.util.List;

/** What a mailbox has room for; the limits on messages are not sharp under concurrency. */
record Room(MailboxState known, MailboxLimits limits) {
  void check(List<NewMessage> messages) {
    if (known.size() + messages.size() > limits.messages()) {
      throw new MailboxException.LimitReached("messages in a mailbox", limits.messages());
    }
    if (known.uidNext() + messages.size() > UidSet.MAX_UID) {
      throw new MailboxException.LimitReached("UIDs in a mailbox", UidSet.MAX_UID);
    }
    for (NewMessage message : messages) {
      checkKeywords(message.flags());
    }
  }

  void checkKeywords(Flags flags) {
    if (flags.keywords().isEmpty()) {
      return;
    }
    long fresh = 0;
    for (String keyword : flags.keywords()) {
      if (keyword.length() > limits.keywordLength()) {
        throw new MailboxException.LimitReached("characters in a keyword", limits.keywordLength());
      }
      if (!known.keywordTable().containsKey(Flags.fold(keyword))) {
        fresh++;
      }
    }
    if (fresh > 0 && known.keywords().size() + fresh > limits.keywords()) {
      throw new MailboxException.LimitReached("keywords in a mailbox", limits.keywords());
    }
  }
}
