package hikyaku.protocol.address;

import hikyaku.protocol.address.AddressException.Reason;
import java.net.IDN;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A mailbox as RFC 5321 §4.1.2 and RFC 6531 §3.3 write it: {@code local-part@domain}, the local
 * part quoted or not, the domain a name or an address literal.
 *
 * <p>Wider than the grammar in three points, as names in use have it: an unquoted local part may
 * have dots anywhere, it may be longer, and a label may have underscores.
 *
 * @param localPart what it means, without quoting, case as written
 * @param domain a name, or an address literal with its brackets, case as written
 */
public record MailAddress(String localPart, String domain) {
  /**
   * Octets of a local part. RFC 5321 §4.5.3.1.1 has 64; bounce addresses that carry another address
   * in theirs are longer, and mail from them must not be refused.
   */
  public static final int LONGEST_LOCAL_PART = 128;

  /** Octets of a domain (RFC 5321 §4.5.3.1.2). */
  public static final int LONGEST_DOMAIN = 255;

  /** Octets of a mailbox: a path of 256 (RFC 5321 §4.5.3.1.3) less its brackets. */
  public static final int LONGEST = 254;

  private static final String ATEXT_SPECIALS = "!#$%&'*+-/=?^_`{|}~";
  private static final String IPV6_TAG = "ipv6:";

  /**
   * Reads a mailbox given as octets.
   *
   * @param smtputf8 whether octets above 127 are allowed
   */
  public static MailAddress parse(byte[] octets, boolean smtputf8) throws AddressException {
    if (octets.length > LONGEST + 2) { // quoting may cost two more
      throw new AddressException(Reason.MAILBOX_TOO_LONG, "mailbox too long");
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString();
    } catch (CharacterCodingException notUtf8) {
      throw new AddressException(
          smtputf8 ? Reason.NOT_UTF8 : Reason.NEEDS_SMTPUTF8, "octets that are not UTF-8");
    }
    MailAddress address = parse(text);
    if (!smtputf8 && !address.isAscii()) {
      throw new AddressException(Reason.NEEDS_SMTPUTF8, "octets above 127 without SMTPUTF8");
    }
    return address;
  }

  /** Reads a mailbox given as text. */
  public static MailAddress parse(String text) throws AddressException {
    String localPart;
    int at;
    if (text.startsWith("\"")) {
      StringBuilder unquoted = new StringBuilder();
      at = unquote(text, unquoted);
      localPart = unquoted.toString();
    } else {
      at = text.indexOf('@');
      localPart = at < 0 ? text : text.substring(0, at);
      if (!localPart.codePoints().allMatch(MailAddress::isDotStringCharacter)) {
        throw new AddressException(Reason.SYNTAX, "local part needs quoting");
      }
    }
    if (localPart.isEmpty() || at < 0 || at >= text.length() || text.charAt(at) != '@') {
      throw new AddressException(Reason.SYNTAX, "no local part or no domain");
    }
    MailAddress address = new MailAddress(localPart, text.substring(at + 1));
    address.check();
    return address;
  }

  /** Undoes Quoted-string and returns where it ends. */
  private static int unquote(String text, StringBuilder unquoted) throws AddressException {
    int at = 1;
    while (at < text.length() && text.charAt(at) != '"') {
      char next = text.charAt(at);
      if (next == '\\' && at + 1 < text.length()) {
        next = text.charAt(++at);
      }
      if (next < ' ' || (next >= 127 && next < 160)) {
        throw new AddressException(Reason.SYNTAX, "control character in quoted local part");
      }
      unquoted.append(next);
      at++;
    }
    if (at == text.length()) {
      throw new AddressException(Reason.SYNTAX, "quote without end");
    }
    return at + 1;
  }

  private void check() throws AddressException {
    int localOctets = octets(localPart);
    if (localOctets > LONGEST_LOCAL_PART) {
      throw new AddressException(Reason.LOCAL_PART_TOO_LONG, "local part too long");
    }
    if (octets(domain) > LONGEST_DOMAIN) {
      throw new AddressException(Reason.DOMAIN_TOO_LONG, "domain too long");
    }
    if (localOctets + 1 + octets(domain) > LONGEST) {
      throw new AddressException(Reason.MAILBOX_TOO_LONG, "mailbox too long");
    }
    canonicalDomain();
  }

  private static int octets(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  /** Whether it can be written without SMTPUTF8. */
  public boolean isAscii() {
    return isAscii(localPart) && isAscii(domain);
  }

  /**
   * The form that can be written without SMTPUTF8, its domain in A-labels (RFC 6531 §3.2, RFC 5890
   * §2.3.2.1); nothing if the local part has none.
   */
  public Optional<MailAddress> ascii() {
    if (isAscii()) {
      return Optional.of(this);
    }
    try {
      return isAscii(localPart)
          ? Optional.of(new MailAddress(localPart, canonicalDomain()))
          : Optional.empty();
    } catch (AddressException notADomain) {
      return Optional.empty();
    }
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 128) {
        return false;
      }
    }
    return true;
  }

  /** Whether the domain is an address literal. */
  public boolean isLiteral() {
    return domain.startsWith("[");
  }

  /**
   * The one spelling of all that mean this mailbox: the local part in NFC and lower case, the
   * domain in A-labels (RFC 5890 §2.3.2.1) and lower case, a literal in its shortest form.
   *
   * @throws AddressException only for a record that was not made by {@link #parse}
   */
  public MailAddress canonical() throws AddressException {
    String folded = Normalizer.normalize(localPart, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
    return new MailAddress(folded, canonicalDomain());
  }

  private String canonicalDomain() throws AddressException {
    if (isLiteral()) {
      return canonicalLiteral();
    }
    String ascii = isAscii(domain) ? domain : toAscii(domain);
    ascii = ascii.toLowerCase(Locale.ROOT);
    if (ascii.length() > LONGEST_DOMAIN) {
      throw new AddressException(Reason.DOMAIN_TOO_LONG, "domain too long in A-labels");
    }
    for (String label : ascii.split("\\.", -1)) {
      boolean usable =
          !label.isEmpty()
              && label.length() <= 63
              && !label.startsWith("-")
              && !label.endsWith("-")
              && label.chars().allMatch(MailAddress::isLabelCharacter);
      if (!usable) {
        throw new AddressException(Reason.DOMAIN, "bad label in domain");
      }
    }
    return ascii;
  }

  private static String toAscii(String domain) throws AddressException {
    try {
      return IDN.toASCII(Normalizer.normalize(domain, Normalizer.Form.NFC));
    } catch (IllegalArgumentException refused) {
      throw new AddressException(Reason.DOMAIN, "domain refused by IDNA");
    }
  }

  /** RFC 5321 §4.1.3; no tag for General-address-literal was ever registered. */
  private String canonicalLiteral() throws AddressException {
    String content = domain.endsWith("]") ? domain.substring(1, domain.length() - 1) : "";
    boolean six = content.regionMatches(true, 0, IPV6_TAG, 0, IPV6_TAG.length());
    try {
      if (six && content.indexOf('%') < 0 && content.indexOf('[') < 0) {
        // A mapped IPv4 address comes back as what it maps.
        String address =
            Inet6Address.ofLiteral(content.substring(IPV6_TAG.length())).getHostAddress();
        return address.indexOf(':') < 0 ? "[" + address + "]" : "[ipv6:" + address + "]";
      }
      if (!six && content.chars().filter(next -> next == '.').count() == 3) {
        return "[" + Inet4Address.ofLiteral(content).getHostAddress() + "]";
      }
    } catch (IllegalArgumentException notAnAddress) {
      throw new AddressException(Reason.DOMAIN, "bad address literal");
    }
    throw new AddressException(Reason.DOMAIN, "bad address literal");
  }

  /** The domain as people read it: A-labels undone (U-labels, RFC 5890 §2.3.2.1). */
  public String unicodeDomain() {
    return isLiteral() ? domain : IDN.toUnicode(domain);
  }

  /**
   * The mailbox without its detail (RFC 5233): {@code user+detail} becomes {@code user}. A
   * separator at the very start divides nothing.
   */
  public MailAddress base(char separator) {
    int at = localPart.indexOf(separator);
    return at > 0 ? new MailAddress(localPart.substring(0, at), domain) : this;
  }

  /** What follows the first separator in the local part (RFC 5233); null if there is none. */
  public @Nullable String detail(char separator) {
    int at = localPart.indexOf(separator);
    return at > 0 ? localPart.substring(at + 1) : null;
  }

  /** As SMTP writes it, the local part quoted where it must be. */
  @Override
  public String toString() {
    boolean plain =
        !localPart.isEmpty()
            && !localPart.startsWith(".")
            && !localPart.endsWith(".")
            && !localPart.contains("..")
            && localPart.codePoints().allMatch(MailAddress::isDotStringCharacter);
    String written =
        plain ? localPart : '"' + localPart.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    return written + "@" + domain;
  }

  private static boolean isDotStringCharacter(int next) {
    return next == '.'
        || next >= 160
        || isLetterOrDigit(next)
        || (next < 128 && ATEXT_SPECIALS.indexOf(next) >= 0);
  }

  private static boolean isLabelCharacter(int next) {
    return next == '-' || next == '_' || isLetterOrDigit(next);
  }

  private static boolean isLetterOrDigit(int next) {
    return (next >= 'a' && next <= 'z')
        || (next >= 'A' && next <= 'Z')
        || (next >= '0' && next <= '9');
  }
}
