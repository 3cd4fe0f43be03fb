/**
 * Grammar of SMTP, message submission and LMTP: command lines to {@link
 * hikyaku.protocol.smtp.Command} and {@link hikyaku.protocol.smtp.Reply} to octets. Nothing here
 * knows of states, sockets or mailboxes.
 *
 * <p>RFC 5321 with 1870 (SIZE), 2033 (LMTP), 2034 and 3463 (enhanced status codes), 2852
 * (DELIVERBY), 3030 (CHUNKING, BINARYMIME), 3207 (STARTTLS), 3461 (DSN), 4865 (FUTURERELEASE), 4954
 * (AUTH), 6152 (8BITMIME), 6531 (SMTPUTF8), 6710 (MT-PRIORITY).
 *
 * <p>Any octets give a command: what cannot be read becomes {@link
 * hikyaku.protocol.smtp.Command.Malformed} with the reply that says so. More is taken than the
 * grammar has only where clients in use need it:
 *
 * <ul>
 *   <li>white space before and after a command, between parameters, and after the colon of {@code
 *       MAIL FROM:} and {@code RCPT TO:};
 *   <li>any printable name after HELO, EHLO and LHLO: many machines do not know their own;
 *   <li>dots anywhere in a local part (addresses of Japanese mobile operators), underscores in
 *       domains, and local parts above 64 octets (bounce addresses that carry an address).
 * </ul>
 *
 * <p>A path without angle brackets, a domain without a name in it, and unknown, repeated or
 * misplaced parameters are refused.
 */
@NullMarked
package hikyaku.protocol.smtp;

import org.jspecify.annotations.NullMarked;
