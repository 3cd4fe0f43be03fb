/**
 * The cluster's knowledge of itself: which nodes there are, how they fare, what the operator wants
 * of them. It is kept in the store that all nodes share, in a log for each node ({@code
 * cluster/node/<name>}) and one for what all must agree on ({@code cluster/settings}), so it needs
 * no network of its own and works on every engine.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A run of a node owns its log's {@code joined}, {@code alive} and {@code left}; wishes come
 *       from anywhere and commute.
 *   <li>A node is taken for dead by whoever has seen no sign of life for its lease, by the
 *       observer's own steady clock: clocks of different machines are never compared, except for a
 *       first guess, which holds for a lease at most. Death is noticed within the lease and a
 *       heartbeat after the last sign. A time in which the observer cannot read the store counts
 *       for two heartbeats at most, so a store that fails over makes no node look dead.
 *   <li>Being taken for dead costs a node nothing but new sessions: what is acknowledged is decided
 *       by conditional appends to mailboxes, never by who is up.
 *   <li>A name belongs to one run. A second run on the same data directory, which is held by one
 *       process, takes over at once; on another directory it waits for the lease to run out and
 *       refuses to start if there is a sign of life. A run that finds another behind it leaves.
 * </ul>
 */
@NullMarked
package hikyaku.server.cluster;

import org.jspecify.annotations.NullMarked;
