/**
 * Mail that waits to go out, and its delivery.
 *
 * <p>The queue is sixteen logs ({@code queue/<part>}): a message is an event that names its blob,
 * and what became of an attempt is another. A node works the parts that it has claimed ({@code
 * queue-claim/<part>}), keeps a fold of each in memory, and shares out the parts among the nodes
 * that live by a rule that needs no talk. See ADR 17.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>Who was told 250 has a durable event, in the same round as the local copies.
 *   <li>A part is worked by one node, whose claim is a conditional append. A node that is not heard
 *       of loses its parts; before the last octets of a message go out, it is asked once more
 *       whether the part is still ours and this node still heard of.
 *   <li>What became of an attempt is written down before the connection takes the next message, or
 *       the next piece of one to many. Outcomes are facts and commute: whoever writes them, a
 *       settled recipient is never tried again.
 *   <li>A sender is told of each failure, in a durability round before the one that settles it. A
 *       report has no sender, so there is never a report of a report.
 *   <li>A destination that cannot be reached rests, whatever waits for it; it takes no delivery
 *       from others.
 *   <li>A destination gets no more than its rate, by all nodes together; what waits for it is not
 *       tried, and takes no delivery from others.
 *   <li>Memory holds of a waiting message some numbers, not its addresses and not its text.
 *   <li>Nobody has a held message before its time, those here neither, but by an order that names
 *       it (ADR 28). A message that is of no use once it is late is handed only to who heeds that.
 *   <li>However urgent mail is, every fourth turn is that of whoever has waited longest.
 * </ul>
 *
 * <p>RFC 5321 §4.5.4 (strategies), 3461 and 3464 (reports), 6533 (internationalized reports), 4865
 * (held mail), 2852 (deadlines), 6710 (priorities).
 */
@NullMarked
package hikyaku.server.queue;

import org.jspecify.annotations.NullMarked;
