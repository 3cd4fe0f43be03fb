/**
 * Foreign servers, by name, that serve some accounts in place of this one: what is known of them,
 * and how to log in there. What is said after the login is passed through by others.
 *
 * <p>They are a log of the store, {@code cluster/backends}, the same for all nodes. A foreign
 * server is not trusted: every line of it has a bound, the whole login has a time, and nothing that
 * it says reaches a client before the login is done.
 *
 * <p>RFC 9051 §6.2 and RFC 4959 (IMAP), RFC 1939 §7, RFC 2595 and RFC 5034 (POP3), RFC 4616
 * (PLAIN), RFC 2971 (ID).
 */
@NullMarked
package hikyaku.server.foreign;

import org.jspecify.annotations.NullMarked;
