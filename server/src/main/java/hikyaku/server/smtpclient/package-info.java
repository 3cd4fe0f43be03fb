/**
 * Mail going out: where a domain's mail goes, and how it is handed over there. Nothing here knows
 * of a queue: whoever sends is told a verdict for each recipient and decides what follows.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A recipient is accepted only by a positive reply to the end of the message.
 *   <li>Every wait has an end, however slowly the other side talks or reads ({@code Patience}).
 *   <li>Nothing that the other side says is taken at its word: replies are bounded and stripped of
 *       control characters, and what it says before TLS is forgotten (RFC 3207 §4.2).
 *   <li>What TLS must be like is known before a server is connected to, and a certificate is judged
 *       in each handshake.
 *   <li>Text ends once: dots are doubled, and a line ending is added where the message lacks one.
 *   <li>Passwords go over TLS only, unless the operator has named a relay without it.
 * </ul>
 *
 * <p>RFC 5321 (SMTP), 1870 (SIZE), 2920 (PIPELINING), 3030 (BINARYMIME), 3207 (STARTTLS), 3461
 * (DSN), 4954 (AUTH), 6152 (8BITMIME), 6531 (SMTPUTF8), 6698 and 7672 (DANE), 7435 (opportunistic
 * security), 7505 (null MX), 8461 (MTA-STS), 8689 (REQUIRETLS).
 */
@NullMarked
package hikyaku.server.smtpclient;

import org.jspecify.annotations.NullMarked;
