/**
 * The grammar of IMAP: octets to typed commands, replies to octets. No socket, clock, store or log.
 *
 * <p>{@link hikyaku.protocol.imap.CommandReader} takes one command off a connection, literals
 * included, and hands it to the parser; what comes out is a {@link hikyaku.protocol.imap.Command}
 * or a refusal to be answered. {@link hikyaku.protocol.imap.ResponseWriter} goes the other way.
 *
 * <p>Invariants: whatever octets come in, the reader ends at the start of the next command or says
 * that the connection must end; memory for one command is bounded by {@link
 * hikyaku.protocol.imap.ImapLimits}; messages of APPEND are passed on and never gathered; the only
 * exceptions are {@link java.io.IOException} and, from the parsers, {@link
 * hikyaku.protocol.imap.SyntaxException}.
 *
 * <p>Strings of the client are kept as octets, one per {@code char} (ISO-8859-1), until their
 * meaning says how to read them: mailbox names, search texts and credentials become Unicode.
 *
 * <p>RFC 3501, 9051, and 2177 (IDLE), 2342 (NAMESPACE), 2971 (ID), 3502 (MULTIAPPEND), 3516
 * (BINARY), 3691 (UNSELECT), 4315 (UIDPLUS), 4731 (ESEARCH), 4959 (SASL-IR), 4978 (COMPRESS), 5032
 * (WITHIN), 5161 (ENABLE), 5182 (SEARCHRES), 5256 (SORT, THREAD), 5258 (LIST-EXTENDED), 5267
 * (ESORT), 5819 (LIST-STATUS), 5957 (SORT=DISPLAY), 6154 (SPECIAL-USE), 6851 (MOVE), 7162
 * (CONDSTORE, QRESYNC), 7888 (LITERAL+), 7889 (APPENDLIMIT), 8438 (STATUS=SIZE), 8474 (OBJECTID),
 * 8514 (SAVEDATE), 8970 (PREVIEW), 9208 (QUOTA), 9394 (PARTIAL), 9738 (MESSAGELIMIT), 9755
 * (UTF8=ACCEPT).
 */
@NullMarked
package hikyaku.protocol.imap;

import org.jspecify.annotations.NullMarked;
