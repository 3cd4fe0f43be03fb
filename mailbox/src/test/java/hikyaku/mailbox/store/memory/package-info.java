/**
 * The reference engine of the store contract, in memory, for tests only.
 *
 * <p>It is written to be read beside the contract, not to be fast: one lock, plain collections, and
 * every rule in the place where the contract names it. What it can do beyond the contract is to
 * fail on demand ({@link hikyaku.mailbox.store.memory.Faults}).
 */
@NullMarked
package hikyaku.mailbox.store.memory;

import org.jspecify.annotations.NullMarked;
