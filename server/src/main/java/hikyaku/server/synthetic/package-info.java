/**
 * What a node keeps for the synthetic users of fronts (see docs/adr/0014): accounts that exist for
 * the sessions of probes alone, and their mail, apart from everybody else's.
 *
 * <p>Invariants: no other session sees these accounts or can send to them, and their sessions see
 * nobody else; their mail is on the same store by the same code as all mail, under names of its
 * own; an account is dropped whole some hours after its last use.
 */
@NullMarked
package hikyaku.server.synthetic;

import org.jspecify.annotations.NullMarked;
