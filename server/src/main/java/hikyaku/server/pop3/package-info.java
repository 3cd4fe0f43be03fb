/**
 * The POP3 server: RFC 1939 with the extensions of RFC 2449, 2595, 3206, 5034 and 6856 over an
 * account's INBOX. {@link hikyaku.server.pop3.Pop3Protocol} is the way in.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A maildrop is the INBOX at one sequence of its log. Message numbers, sizes and unique ids
 *       stay for the session, whatever others do; what others took away meanwhile is refused when
 *       asked for, and never shifts a number.
 *   <li>Messages go at QUIT and only there, durably before its +OK. A session that ends in any
 *       other way removes nothing.
 *   <li>A unique id is {@code uidvalidity.uid}: it lasts as long as the message and is never used
 *       again.
 *   <li>The size told of a message is the number of octets that RETR sends of it, before dots are
 *       stuffed. A message whose last line lacks CRLF gets one in front of the final dot, which
 *       counts as framing like the dot itself. Of a message with UTF-8 in its header LIST and STAT
 *       tell the size as well to who has not said UTF8, and gets that header in ASCII (RFC 6857,
 *       RFC 6858 §4).
 *   <li>A session can be carried on by another node between any two commands: the maildrop is a
 *       sequence of the log and the marks, and is folded there anew. Where a maildrop is exclusive
 *       its hold goes along, and ends with the node that has it.
 *   <li>Any other message goes out octet for octet. The dialogue, not the message, bends: see
 *       {@link hikyaku.protocol.pop3.MultilineWriter} on bare CR and LF.
 * </ul>
 *
 * <p>Not bugs:
 *
 * <ul>
 *   <li>RFC 1939 §4 wants an exclusive lock. Here several sessions may share a maildrop, because
 *       each has its own view of it: clients that poll at the same time, or come back after a lost
 *       connection, are not turned away. {@link hikyaku.server.pop3.Pop3Settings#exclusive} turns
 *       the second away with [IN-USE], on whatever node.
 *   <li>RETR sets no \Seen: POP3 does not know whether anybody looked.
 *   <li>Messages that IMAP marked \Deleted and nobody expunged are there.
 * </ul>
 */
@NullMarked
package hikyaku.server.pop3;

import org.jspecify.annotations.NullMarked;
