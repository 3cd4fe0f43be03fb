/**
 * A whole cluster on one machine, to try things out: a private PostgreSQL, nodes and a front, each
 * a process of its own, looked after by one that starts and stops them.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>The process that looks after them holds the lock of the cluster's directory; others ask it
 *       by files in {@code requests}.
 *   <li>A child that dies is told of and stays dead until somebody asks for it, unless it was
 *       wanted otherwise.
 *   <li>No child outlives the process that looks after it, however that ends; only PostgreSQL may,
 *       and the next start takes it as it is.
 * </ul>
 */
@NullMarked
package hikyaku.app.local;

import org.jspecify.annotations.NullMarked;
