/**
 * The ManageSieve server (RFC 5804): clients store, check and choose an account's Sieve scripts.
 * {@link hikyaku.server.managesieve.ManageSieveProtocol} is the way in.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A script that is stored was checked, and a change is durable before its OK.
 *   <li>What the SIEVE capability lists is what scripts may require.
 *   <li>Sessions do not move: one that is carried on elsewhere would be cut off.
 * </ul>
 */
@NullMarked
package hikyaku.server.managesieve;

import org.jspecify.annotations.NullMarked;
