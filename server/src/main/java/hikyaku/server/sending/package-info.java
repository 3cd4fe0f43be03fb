/**
 * How much accounts send to other servers: counted for all nodes together, bounded, and watched for
 * what an account does whose password somebody else has.
 *
 * <p>Each account that sends has a log ({@code sending/<account>}). What it sends is counted in the
 * durability round that accepts the message, so that counts survive what the mail survives.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A message that was accepted is counted; one that was not is not.
 *   <li>An account is stopped by a conditional append: of several nodes that see the same, one
 *       acts.
 *   <li>What was counted before an account was let go again does not stop it once more.
 *   <li>Counts of a day are kept for {@value hikyaku.server.sending.Ledger#DAYS} days, and no
 *       address of a recipient is.
 * </ul>
 */
@NullMarked
package hikyaku.server.sending;

import org.jspecify.annotations.NullMarked;
