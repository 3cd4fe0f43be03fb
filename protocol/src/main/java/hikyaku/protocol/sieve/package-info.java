/**
 * Sieve (RFC 5228): a user's script that says where a message goes. Octets to a {@link
 * hikyaku.protocol.sieve.Script} that is checked whole, and a script with a message to a list of
 * {@link hikyaku.protocol.sieve.Action}s. Nothing here does what an action says.
 *
 * <p>The way: {@link hikyaku.protocol.sieve.Lexer} makes tokens, {@link
 * hikyaku.protocol.sieve.Parser} the generic tree of RFC 5228 §8.2, {@link
 * hikyaku.protocol.sieve.Compiler} typed commands and tests, {@link
 * hikyaku.protocol.sieve.Interpreter} runs them.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>Octets whatever they are become a script or a {@link hikyaku.protocol.sieve.SieveException}
 *       that names line and column.
 *   <li>A script uses what it requires and nothing else; what is required is implemented whole.
 *   <li>A run ends: there are no loops, and each comparison is paid for out of {@link
 *       hikyaku.protocol.sieve.SieveLimits#steps}.
 *   <li>A run that fails has one action, to keep the message (RFC 5228 §2.10.6).
 * </ul>
 */
@NullMarked
package hikyaku.protocol.sieve;

import org.jspecify.annotations.NullMarked;
