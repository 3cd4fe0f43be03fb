/**
 * The cluster's engine: the store contract on PostgreSQL, for any number of nodes at once.
 *
 * <p>The way of an append: callers put rounds into a bounded queue ({@link
 * hikyaku.stores.postgres.CommitQueue}); a few threads ({@link hikyaku.stores.postgres.Committer})
 * each take what has gathered and hand it, small blobs included, to one call of a function of the
 * database ({@link hikyaku.stores.postgres.AppendBatch}, {@code schema-1.sql}): one statement, one
 * transaction, one round trip, one sync. When it has committed, callers are answered, and then
 * listeners here and on other nodes are told ({@link hikyaku.stores.postgres.HintExchange}).
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>Nothing is cached that another node may change: heads are asked for, gathered into few
 *       queries ({@link hikyaku.stores.postgres.HeadReader}).
 *   <li>Every transaction that appends or drops writes a row under a token that its node drew.
 *       Asking again under a token never does it twice, and waits for the confirmation of whatever
 *       the first attempt wrote. So a call goes on when the database went away in the middle.
 *   <li>Locks are taken in one order by everybody; it is written in {@code schema-1.sql}.
 *   <li>A place in the changes feed is drawn when all locks are held, and readers stop at gaps
 *       until they are known to stay empty ({@link hikyaku.stores.postgres.ChangesFeed}).
 *   <li>An append locks the blobs that it names against a sweep; a sweep looks again after it has
 *       locked what it would take away.
 *   <li>Only the primary is talked to, of several servers the one on the latest timeline, and
 *       nothing is read from it before it has confirmed a commit ({@link
 *       hikyaku.stores.postgres.Connector}, {@link hikyaku.stores.postgres.Servers}).
 * </ul>
 *
 * <p>Connections are kept by this package and not by a pooling library: its threads own most of
 * them, and whether an attempt may be repeated, and how long, is decided here for each kind of
 * call.
 *
 * <p>{@link hikyaku.stores.postgres.LocalPostgres} runs a server of one's own in a directory, for a
 * cluster on one machine and for tests. Everywhere else the server is somebody else's.
 */
@NullMarked
package hikyaku.stores.postgres;

import org.jspecify.annotations.NullMarked;
