/**
 * Mail coming in: the MX port, LMTP and submission, three faces of one server.
 *
 * <p>{@link hikyaku.server.smtp.SmtpServer} is the protocol that a listener serves; {@code
 * CommandTable} says which command goes when, and each command has a file of its own.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A positive reply to a message follows its durability in every recipient's mailbox: one
 *       blob, one durability round. A repeat of the round under its idempotency key changes
 *       nothing.
 *   <li>Mail is taken for local recipients only, but from users who are logged in. No spelling of
 *       an address (percent sign, source route, quotes, literal) makes this a relay.
 *   <li>The blob holds exactly what the client sent, in submission without Bcc. Trace fields go
 *       into the prefix of each copy.
 *   <li>Text ends at CRLF "." CRLF and nowhere else, and text with a bare CR or LF is refused: what
 *       another server might read as the end is never passed on.
 *   <li>Nothing received before TLS is seen after it.
 *   <li>A session settles only while no transaction is open: what another node is given of one is
 *       repeated from MAIL on, and delivered once. Of such a repeat nobody knows what was sent
 *       before its time, so nothing is refused for that.
 *   <li>Logs hold envelopes, sizes and ids; never content, never credentials.
 * </ul>
 *
 * <p>Decisions that the RFCs leave open:
 *
 * <ul>
 *   <li>One copy for an account and a message, however many recipients lead to it.
 *   <li>Quotas are looked at when a recipient is named, with the size that MAIL declared, and once
 *       more with that which the message has. An alias is refused at RCPT if any of its accounts is
 *       full, because nobody would tell its sender otherwise. At the end one reply may be for
 *       several: if somebody takes the message, those who turn out to be full take it as well, and
 *       are beyond their quota once; the next one is refused.
 *   <li>A message with NUL is refused unless sent with BODY=BINARYMIME, and then its parts that
 *       hold it are encoded: IMAP cannot give it out as it is (ADR 37). 8-bit content without
 *       BODY=8BITMIME is taken silently, and long lines are taken.
 *   <li>DSN is offered in submission only, and only while senders must own their address: there a
 *       success report has a mailbox to go to. On the MX port and in LMTP it is not offered, so
 *       that the server before us reports on our behalf (RFC 3461 §5.2.2).
 *   <li>A message without Date or Message-ID gets them in submission, in the prefix (RFC 6409 §8).
 *   <li>Out of step, a pipelined NOOP, VRFY, EXPN, HELP or QUIT does no harm and is answered;
 *       behind HELO, EHLO, LHLO, STARTTLS, AUTH and DATA nothing may be pipelined, and who does is
 *       cut off; but behind AUTH PLAIN with its response something may (RFC 4954 §4).
 * </ul>
 *
 * <p>RFC 5321 (SMTP), 2033 (LMTP), 6409 (submission), 1870 (SIZE), 2034 and 3463 (enhanced codes),
 * 2920 (PIPELINING), 3030 (CHUNKING, BINARYMIME), 3207 (STARTTLS), 3461 (DSN), 3848 and 6531
 * (transmission types, SMTPUTF8), 4954 (AUTH), 6152 (8BITMIME), 9228 (Delivered-To), 9422 (LIMITS).
 */
@NullMarked
package hikyaku.server.smtp;

import org.jspecify.annotations.NullMarked;
