/**
 * The cluster's engine: the store contract on PostgreSQL, for any number of nodes at once.
 *
 * <p>{@link hikyaku.stores.postgres.LocalPostgres} runs a server of one's own in a directory, for a
 * cluster on one machine and for tests. Everywhere else the server is somebody else's.
 */
@NullMarked
package hikyaku.stores.postgres;

import org.jspecify.annotations.NullMarked;
