package hikyaku.protocol.sieve;

import hikyaku.protocol.address.MailAddress;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A list of addresses that is not kept in a script (RFC 6134). */
public interface ExternalList {
  /** Whether an address is in it. */
  boolean has(MailAddress address);

  /** The addresses that mail for all in it goes to; none if there is nobody. */
  List<MailAddress> recipients();

  /** The name of the user's own list (RFC 6134 §2.5), as it is written out. */
  String DEFAULT_BOOK = "urn:ietf:params:sieve:addrbook:default";

  /** What stands for the beginning of a name that begins with a colon (RFC 6134 §2.5). */
  String SHORT = "urn:ietf:params:sieve";

  /** An octet of ASCII that is percent-encoded (RFC 3986 §2.1). */
  Pattern ENCODED = Pattern.compile("%([0-7][0-9A-Fa-f])");

  /** A URI with its scheme (RFC 3986 §3). */
  Pattern URI = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:[\\x21-\\x7E]+");

  /**
   * A name written out; what it is not, stays as it is. That of the user's own list has no case,
   * and is the same percent-encoded (RFC 6134 §2.5).
   */
  static String named(String name) {
    String written = name.startsWith(":") ? SHORT + name : name;
    return ENCODED
            .matcher(written)
            .replaceAll(found ->
                Matcher.quoteReplacement(
                    String.valueOf((char) Integer.parseInt(found.group(1), 16))))
            .equalsIgnoreCase(DEFAULT_BOOK)
        ? DEFAULT_BOOK
        : written;
  }

  /** Whether a text can name a list: a URI, or what is short for one. */
  static boolean isName(String name) {
    return URI.matcher(named(name)).matches();
  }
}
