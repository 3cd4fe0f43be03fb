package hikyaku.protocol.address;

import org.jspecify.annotations.Nullable;

/**
 * One address of an address field as IMAP's ENVELOPE tells it (RFC 9051 §7.5.2). Every string holds
 * octets, one per char (ISO-8859-1), as they stood in the field with quoting and comments removed;
 * encoded-words are not decoded. No string holds CR, LF or NUL.
 *
 * <p>Mailbox without host is the start of a group, its name in {@code mailbox}; neither is the end
 * of a group. An address that had no domain has the empty string as its host.
 *
 * @param name the display name, or else the comment that old mail has instead; null if neither
 * @param route the obsolete source route, for example {@code @a,@b}; null if none
 * @param mailbox the local part, unquoted, or the name of a group that starts
 * @param host the domain
 */
public record EnvelopeAddress(
    @Nullable String name,
    @Nullable String route,
    @Nullable String mailbox,
    @Nullable String host) {

  /** The marker that opens a group. */
  public static EnvelopeAddress groupStart(String name) {
    return new EnvelopeAddress(null, null, name, null);
  }

  /** The marker that closes a group. */
  public static EnvelopeAddress groupEnd() {
    return new EnvelopeAddress(null, null, null, null);
  }

  /** True for an address, false for the two markers of a group. */
  public boolean isAddress() {
    return host != null;
  }
}
