/**
 * The grammar of ManageSieve (RFC 5804): octets to sealed, typed {@link
 * hikyaku.protocol.managesieve.Command}s, and replies to octets.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>Octets whatever they are become a command, are refused with the connection in step, or end
 *       it ({@link hikyaku.protocol.managesieve.Request.Fatal}): no literal is believed that is
 *       larger than {@link hikyaku.protocol.managesieve.CommandReader#LARGEST_LITERAL}.
 *   <li>A reply is whole lines; what clients named is quoted, or sent as a literal.
 *   <li>No secret appears in a {@code toString()}.
 * </ul>
 */
@NullMarked
package hikyaku.protocol.managesieve;

import org.jspecify.annotations.NullMarked;
