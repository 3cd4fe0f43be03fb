/**
 * Octets as they come off a connection: lines, counted literals and dot-terminated text, each under
 * a named limit.
 *
 * <p>Every server, client and proxy of the program reads through {@link
 * hikyaku.protocol.wire.WireReader}; there is no second path on which a line ending could be judged
 * differently. Nothing here knows of sockets: octets come from an {@link
 * hikyaku.protocol.wire.OctetSource}.
 */
@NullMarked
package hikyaku.protocol.wire;

import org.jspecify.annotations.NullMarked;
