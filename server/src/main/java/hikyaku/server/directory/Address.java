package hikyaku.server.directory;

import hikyaku.protocol.address.AddressException;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.address.MailAddress;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;

/**
 * A mail address as a key: two spellings that mean one mailbox here are equal.
 *
 * @param localPart unquoted, in lower case and NFC, 1 to {@value #MAX_LOCAL_PART} octets of UTF-8,
 *     without control characters
 * @param domain in A-labels (RFC 5890) and lower case; no address literal
 */
public record Address(String localPart, String domain) {
  /** Octets of a local part (RFC 5321 §4.5.3.1.1). */
  public static final int MAX_LOCAL_PART = MailAddress.LONGEST_LOCAL_PART;

  /**
   * Takes any spelling.
   *
   * @throws IllegalArgumentException if it is no address; see {@link #of} for input from outside
   */
  public Address {
    localPart =
        canonicalLocalPart(localPart)
            .orElseThrow(() -> new IllegalArgumentException("not a local part"));
    domain =
        canonicalDomain(domain).orElseThrow(() -> new IllegalArgumentException("not a domain"));
  }

  /** The address of a local part (unquoted) and a domain as a client gave them. */
  public static Optional<Address> of(String localPart, String domain) {
    return canonicalLocalPart(localPart).isPresent() && canonicalDomain(domain).isPresent()
        ? Optional.of(new Address(localPart, domain))
        : Optional.empty();
  }

  /** The address of a mailbox as SMTP has it; nothing if its domain is an address literal. */
  public static Optional<Address> of(MailAddress mailbox) {
    return of(mailbox.localPart(), mailbox.domain());
  }

  /** The address that stands in a field; nothing for a mark of a group, or for a literal. */
  public static Optional<Address> of(EnvelopeAddress written) {
    String mailbox = written.mailbox();
    String host = written.host();
    return mailbox == null || host == null ? Optional.empty() : of(utf8(mailbox), utf8(host));
  }

  /** Fields hold octets, one a character. */
  private static String utf8(String octets) {
    return new String(octets.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /** The address in text with an {@code @}; the last one counts. Quotes are not understood. */
  public static Optional<Address> parse(String text) {
    int at = text.lastIndexOf('@');
    return at < 0 ? Optional.empty() : of(text.substring(0, at), text.substring(at + 1));
  }

  /** The one spelling of a domain, or nothing if it is none. */
  public static Optional<String> canonicalDomain(String domain) {
    try {
      MailAddress canonical = MailAddress.parse("x@" + domain).canonical();
      return canonical.isLiteral() ? Optional.empty() : Optional.of(canonical.domain());
    } catch (AddressException notADomain) {
      return Optional.empty();
    }
  }

  private static Optional<String> canonicalLocalPart(String localPart) {
    if (localPart.length() > MAX_LOCAL_PART) {
      return Optional.empty();
    }
    String lower = Normalizer.normalize(localPart, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
    String canonical = Normalizer.normalize(lower, Normalizer.Form.NFC);
    boolean bad =
        canonical.isEmpty()
            || canonical.codePoints().anyMatch(Address::unusable)
            || canonical.getBytes(StandardCharsets.UTF_8).length > MAX_LOCAL_PART;
    return bad ? Optional.empty() : Optional.of(canonical);
  }

  private static boolean unusable(int codePoint) {
    return Character.isISOControl(codePoint)
        || codePoint == 0xFFFD
        || (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE);
  }

  /** {@code local@domain}, without quotes; for people and logs, not for the wire. */
  @Override
  public String toString() {
    return localPart + "@" + domain;
  }
}
