/**
 * What an operator sees and does: the admin interface, the status page, metrics, health,
 * housekeeping.
 *
 * <p>{@link hikyaku.server.ops.AdminApi} is a table of operations by method and path and knows
 * nothing of HTTP: {@link hikyaku.server.ops.AdminServer} carries it over HTTP for a node that
 * runs, and the command line calls it in its own process on a data directory whose node does not
 * run. So both do the same.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>Nothing under {@code /api/} is done without the token of the data directory.
 *   <li>Passwords and mail text come in and are never logged or given out, except the text of a
 *       message that is exported.
 *   <li>A refusal is one sentence that says what to do.
 * </ul>
 */
@NullMarked
package hikyaku.server.ops;

import org.jspecify.annotations.NullMarked;
