/**
 * Who may: logins of every protocol, by password or SASL, with everything that slows a guesser
 * down.
 *
 * <p>A server makes an {@link hikyaku.server.auth.AuthContext} for its session, asks {@link
 * hikyaku.server.auth.Authenticator} and turns the {@link hikyaku.server.auth.LoginResult} into its
 * protocol's reply, which stands at each result. Calls block, on virtual threads only: delays park,
 * and password hashing runs on a few platform threads of its own.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>An unknown user gets the same dialogue and costs the same work as a known one.
 *   <li>A limit, a failure of ours or a delay never looks like a wrong password.
 *   <li>What is told to somebody who has not proved the password is the same for all accounts.
 *   <li>No password, secret, response or key is logged, and none is kept longer than its use.
 * </ul>
 *
 * <p>RFC 4422 (SASL), RFC 4616 (PLAIN), RFC 5802 and 7677 (SCRAM-SHA-256), RFC 5929 and 9266
 * (channel bindings), RFC 2195 (CRAM-MD5), RFC 1939 §7 (APOP), RFC 8265 (preparation of names and
 * passwords), RFC 9106 (Argon2).
 */
@NullMarked
package hikyaku.server.auth;

import org.jspecify.annotations.NullMarked;
