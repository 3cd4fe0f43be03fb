package hikyaku.mailbox.view;

import hikyaku.mailbox.log.UidSet;

/**
 * What an expunge did.
 *
 * @param state the mailbox at some moment after it; if nothing was to go, as it was then
 * @param uids the messages that went
 */
public record ExpungeOutcome(MailboxState state, UidSet uids) {}
