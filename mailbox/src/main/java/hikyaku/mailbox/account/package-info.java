/**
 * An account's folder tree: which mailboxes it has, under which names, and which names it is
 * subscribed to (RFC 9051 §6.3.4 to §6.3.9).
 *
 * <p>The tree is a log, {@code folders/<account>}; a folder's id, given by that log, names its
 * mailbox log for ever, so a rename moves nothing. Names are Unicode with "/" between levels; INBOX
 * is told in upper case however a client spells it.
 */
@NullMarked
package hikyaku.mailbox.account;

import org.jspecify.annotations.NullMarked;
