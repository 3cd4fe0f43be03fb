/**
 * The front: clients connect here, nodes serve them (see docs/adr/0006).
 *
 * <p>A front holds no mail and knows no protocol: it carries octets, keeps each session's last
 * settled position with the input that is not yet dealt with, and takes both to another node when
 * the one that has the session dies, freezes or drains. Invariants: octets reach the client once
 * and in order, or the session ends; a session is on one node at a time as far as its client can
 * tell; what a client sends is kept until a node has dealt with it.
 */
@NullMarked
package hikyaku.server.front;

import org.jspecify.annotations.NullMarked;
