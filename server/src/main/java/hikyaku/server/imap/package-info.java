/**
 * The IMAP server: commands of {@link hikyaku.protocol.imap} carried out on {@link
 * hikyaku.mailbox}.
 *
 * <p>The way of a command: {@link hikyaku.server.imap.Session} reads it, {@link
 * hikyaku.server.imap.CommandTable} says whether it may be given now, its own class carries it out
 * and gives the tagged reply, {@link hikyaku.server.imap.Updates} tells what happened in the
 * mailbox meanwhile, and the reply follows.
 *
 * <p>Invariants: message numbers change only in {@link hikyaku.server.imap.Updates}, and expunges
 * are told only where RFC 9051 §7.5.1 and RFC 7162 §3.2.10 let them. OK to a write follows the
 * store's return. A response that has begun and cannot be completed ends the connection, never lies
 * about its length.
 *
 * <p>A session can be carried on by another node from any place where it has settled. So everything
 * that it remembers from one command to the next is in its {@link
 * hikyaku.server.imap.ImapPosition}, and a command looks at the mailbox through {@link
 * hikyaku.server.imap.Looking}, never directly: a repeat must see and say the same. What a node
 * alone knows, and a move therefore loses: how long a client has been silent, and which messages
 * were \Recent to sessions of other nodes. A LIST with STATUS looks at more than one log; one whose
 * answer is long may differ when it is repeated.
 *
 * <p>RFC 3501, 9051 and the extensions that {@link hikyaku.server.imap.Capabilities} names.
 */
@NullMarked
package hikyaku.server.imap;

import org.jspecify.annotations.NullMarked;
