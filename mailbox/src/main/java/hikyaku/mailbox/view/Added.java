package hikyaku.mailbox.view;

import hikyaku.mailbox.log.UidSet;

/**
 * Messages are durable in a mailbox.
 *
 * @param uidValidity of the mailbox
 * @param uids their UIDs, rising in the order in which the messages were given
 * @param seq the sequence of the last
 */
public record Added(long uidValidity, UidSet uids, long seq) {}
