/**
 * Mail addresses: the strict grammar of SMTP paths (RFC 5321 §4.1.2, RFC 6531 §3.3) and the lenient
 * one of address fields in a header (RFC 5322 §3.4 and §4.4, RFC 6532, and what really arrives).
 *
 * <p>Strict parsers refuse with an {@link hikyaku.protocol.address.AddressException} and nothing
 * else; the lenient one takes any octets and makes the best of them. Both are linear in their input
 * and need no recursion.
 */
@NullMarked
package hikyaku.protocol.address;

import org.jspecify.annotations.NullMarked;
