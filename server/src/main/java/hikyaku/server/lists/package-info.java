/**
 * Mailing lists: who is on them, who may write, what goes out to members, and what comes back.
 *
 * <p>A list is a log ({@code list/<domain>/<local part>}) and its fold, {@link
 * hikyaku.server.lists.MailingList}; its address is taken in the directory. Mail for it comes in by
 * {@link hikyaku.server.lists.ListDesk}, which says what it leads to: appends for the round that
 * makes the message durable. A post goes out as one entry of the queue for each member, so that
 * each has its own return path and its own way to leave, and the message's octets are shared.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A message that was acknowledged is in the queue for every member, or waits for a moderator,
 *       or was refused: one round decides.
 *   <li>Every append has a key made of the attempt that brings the message and of the member, so a
 *       repeat on another node sends nothing twice.
 *   <li>Nobody becomes a member by mail who has not answered from that address, and nobody is sent
 *       an answer whose server may not send for their domain.
 *   <li>A message that waits for a moderator keeps its entry, and so its octets, until it is
 *       decided.
 * </ul>
 *
 * <p>RFC 2369, RFC 2919 (List- fields), RFC 8058 (one-click unsubscription), RFC 3834 (automatic
 * mail), RFC 5321 §3.9 (lists).
 */
@NullMarked
package hikyaku.server.lists;

import org.jspecify.annotations.NullMarked;
