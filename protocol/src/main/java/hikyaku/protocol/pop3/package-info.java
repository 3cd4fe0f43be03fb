/**
 * The grammar of POP3: command lines to sealed, typed {@link hikyaku.protocol.pop3.Command}s, and
 * replies and multi-line text back to octets. RFC 1939, with RFC 2449 (CAPA, response codes), 2595
 * (STLS), 3206 (AUTH and SYS response codes), 5034 (AUTH) and 6856 (UTF8, LANG).
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>Every line whatever its octets becomes a {@code Command} or a {@link
 *       hikyaku.protocol.pop3.Malformed}; nothing is thrown.
 *   <li>No secret appears in a {@code toString()} or in {@link
 *       hikyaku.protocol.pop3.CommandLine#redacted}.
 *   <li>A reply is one line of at most 512 octets; multi-line text ends with CRLF "." CRLF exactly
 *       once and no earlier, for clients that end lines at CRLF and for those that do at any CR or
 *       LF.
 * </ul>
 */
@NullMarked
package hikyaku.protocol.pop3;

import org.jspecify.annotations.NullMarked;
