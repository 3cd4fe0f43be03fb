/**
 * The link between a front and a node: one authenticated connection that carries many sessions.
 *
 * <p>Invariants: nothing is done for a peer that has not proven that it has the cluster's key; a
 * session is opened by a ticket that is signed, young and used once; positions are sealed by nodes,
 * so a front cannot make one up; what one session does not take waits at its sender and holds up
 * nobody else.
 *
 * <p>Fronts and nodes also ask each other here, for what an operator wants to see of all of them:
 * nodes are asked on links of their own, fronts on the links that they hold to nodes. An answer
 * comes in parts, each of which is asked for.
 */
@NullMarked
package hikyaku.server.link;

import org.jspecify.annotations.NullMarked;
