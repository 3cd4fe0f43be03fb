/**
 * What a user's Sieve script does with mail at delivery. {@link hikyaku.server.filter.ScriptBook}
 * has the scripts, a log for each account; {@link hikyaku.server.filter.Filter} runs the active one
 * and says where the message goes.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A message for which a script cannot be run to its end, or cannot have what it wants, goes
 *       to INBOX, and the account is told why.
 *   <li>A script is checked before it is stored. One that a later version refuses is a run that
 *       fails.
 *   <li>The active script is one of the account's scripts, or there is none.
 * </ul>
 */
@NullMarked
package hikyaku.server.filter;

import org.jspecify.annotations.NullMarked;
