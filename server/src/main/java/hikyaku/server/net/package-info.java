/**
 * Listeners, connections, TLS, compression, limits and lifecycle: all concurrency of the servers is
 * here. A protocol is straight-line code on a virtual thread of its own ({@link
 * hikyaku.server.net.Protocol}) and meets the network through one {@link
 * hikyaku.server.net.Connection}.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A connection is owned by one virtual thread. Others reach it only by {@link
 *       hikyaku.server.net.Connection#signal()} and {@link
 *       hikyaku.server.net.Connection#close(CloseReason)}.
 *   <li>A connection that waits between commands holds no buffer beyond some octets, plain or TLS.
 *   <li>Output is flushed before the connection blocks for input, never in between: replies to
 *       pipelined commands leave together.
 *   <li>Nothing received before TLS is seen after it (RFC 3207 §4.2, RFC 9051 §6.2.1, RFC 2595 §4).
 *   <li>Whom a connection belongs to is settled before anything else is done with it: a proxy's
 *       word is asked for where its address is trusted, and never believed elsewhere.
 *   <li>No thread is ever interrupted: an interrupt closes the channel that a thread reads from.
 * </ul>
 *
 * <p>PROXY: HAProxy's "The PROXY protocol, versions 1 &amp; 2". TLS: RFC 8446, RFC 5246, RFC 8314.
 * Compression: RFC 4978. Channel bindings: RFC 5929 §4, RFC 9266.
 */
@NullMarked
package hikyaku.server.net;

import org.jspecify.annotations.NullMarked;
