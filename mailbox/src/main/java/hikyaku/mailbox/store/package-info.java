/**
 * The store contract: the only door to durable state.
 *
 * <p>Everything that lasts is an append-only log of small events ({@link
 * hikyaku.mailbox.store.LogStore}) or an immutable blob ({@link hikyaku.mailbox.store.BlobStore}).
 * The contract is kept by several engines, so it asks for no transaction across logs: an append is
 * atomic in its own log, repeatable under its idempotency key, and applied deterministically.
 *
 * <p>Invariants that every engine keeps and {@code verify} proves:
 *
 * <ul>
 *   <li>An append that returned is durable, is applied once, and is seen by every later read.
 *   <li>Sequences of a log are consecutive from 1; below a snapshot entries may be missing, above
 *       it none is. Ids handed out by a log rise and are never handed out again.
 *   <li>A log's head says what its entries say: last sequence, next id, tally.
 *   <li>A blob's id is the SHA-256 of its octets. A blob that an entry names is never swept.
 *   <li>The changes feed holds every append in an order that never skips.
 * </ul>
 */
@NullMarked
package hikyaku.mailbox.store;

import org.jspecify.annotations.NullMarked;
