package hikyaku.protocol.mime;

/**
 * One parameter of a Content-Type or Content-Disposition field, as IMAP's BODYSTRUCTURE tells it:
 * continuations (RFC 2231 §3) joined, extended values (§4) still encoded and told by an asterisk at
 * the name's end, for example {@code filename*} with {@code utf-8''%e2%82%ac}.
 *
 * @param name in lower case
 * @param value octets, one per char (ISO-8859-1), without quoting; no CR, LF or NUL
 */
public record MimeParameter(String name, String value) {}
