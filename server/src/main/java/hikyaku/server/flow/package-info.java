/**
 * Limits on what accounts, domains, clients, protocols, listeners and nodes may take of the
 * service: which there are, who is inside, and what follows from both. The limits are in the store
 * ({@code cluster/limits}); each node folds them, counts its own sessions, and hears from the
 * others' signs of life of those that matter.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A limit that is changed is in force on every node within a second, for sessions that are
 *       there as well. None is ended by it.
 *   <li>A session that comes from another node is counted, and never refused.
 *   <li>A pace that is too fast makes the session wait, inside itself, and no other one; no wait is
 *       longer than the settings say.
 *   <li>A session that no limit on its pace applies to takes no lock and writes no memory that it
 *       shares.
 *   <li>Counts over several nodes may lag by what {@code docs/manual/limits.md} says; counts on one
 *       node are exact.
 * </ul>
 */
@NullMarked
package hikyaku.server.flow;

import org.jspecify.annotations.NullMarked;
