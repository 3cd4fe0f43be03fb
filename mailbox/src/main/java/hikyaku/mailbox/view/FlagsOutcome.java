package hikyaku.mailbox.view;

import hikyaku.mailbox.log.UidSet;

/**
 * What a change of flags did.
 *
 * @param state the mailbox at some moment after it
 * @param seq the entry that was written; 0 if nothing had to change
 * @param changed UIDs that the entry names
 * @param modified UIDs left alone because they changed after UNCHANGEDSINCE (RFC 7162 §3.1.3)
 */
public record FlagsOutcome(MailboxState state, long seq, UidSet changed, UidSet modified) {}
