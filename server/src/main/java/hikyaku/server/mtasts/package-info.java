/**
 * What other domains demand of whoever sends them mail: their policies about TLS, found by DNS and
 * HTTPS and kept in the store, where all nodes have them and a restart loses none. And what domains
 * here demand: {@link hikyaku.server.mtasts.OwnPolicies}.
 *
 * <p>Invariants: a policy that was fetched holds for as long as it said, whatever DNS and its host
 * say or fail to say meanwhile, unless a newer one is fetched; a domain that was never heard to
 * have one is treated as one that has none; whoever asks waits for one fetch at the most.
 *
 * <p>RFC 8461 (MTA-STS).
 */
@NullMarked
package hikyaku.server.mtasts;

import org.jspecify.annotations.NullMarked;
