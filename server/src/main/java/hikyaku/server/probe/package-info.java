/**
 * How a front finds out how its nodes fare (see docs/adr/0014): by the link, by a short dialogue
 * with each service, and by a synthetic user who gets a message and reads it.
 *
 * <p>Invariants: no probe holds up another one or a client; every step has a time limit; what is
 * another node's fault is not put down to the one that is looked at; nothing of a run is left when
 * the hour is over.
 */
@NullMarked
package hikyaku.server.probe;

import org.jspecify.annotations.NullMarked;
