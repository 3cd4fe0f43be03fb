/**
 * What a user's Sieve script does with mail at delivery. {@link hikyaku.server.filter.ScriptBook}
 * has the scripts, a log for each account and one for all; {@link hikyaku.server.filter.Filter}
 * runs what is active and says what becomes of the message, for the delivery's durability round
 * (ADR 20).
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A message for which a script cannot be run to its end, or cannot have what it wants, goes
 *       to INBOX, and the account is told why by a message there, which no script sees ({@link
 *       hikyaku.server.filter.FailureNotices}).
 *   <li>A script is checked before it is stored. One that a later version refuses is a run that
 *       fails.
 *   <li>What scripts send is in the queue, and what they remember in the account's memory, in the
 *       round of the delivery or not at all. A repeated attempt comes to the same under the same
 *       keys.
 *   <li>Nobody is answered or told of a refusal who has no sender's address, or most likely never
 *       sent the message.
 *   <li>The active script is one of the account's scripts, or there is none.
 * </ul>
 */
@NullMarked
package hikyaku.server.filter;

import org.jspecify.annotations.NullMarked;
