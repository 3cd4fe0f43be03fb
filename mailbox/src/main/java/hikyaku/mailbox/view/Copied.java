package hikyaku.mailbox.view;

import hikyaku.mailbox.log.UidSet;

/**
 * Messages are durable in another mailbox (COPYUID, RFC 9051 §7.1).
 *
 * @param uidValidity of the target
 * @param from UIDs in the source, rising
 * @param to UIDs in the target, in the same order
 */
public record Copied(long uidValidity, UidSet from, UidSet to) {}
