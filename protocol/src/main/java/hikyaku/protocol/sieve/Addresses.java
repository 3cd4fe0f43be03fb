package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.address.AddressException;
import hikyaku.protocol.address.AddressListParser;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.sieve.Test.AddressPart;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Addresses as tests and actions see them (RFC 5228 §2.4.2.3 and §2.7.4, RFC 5233). */
final class Addresses {
  private static final int MOST = 4096;

  /** Addresses that a script may write into a field. */
  private static final int MOST_AUTHORS = 20;

  private static final int LONGEST_NAME = 200;

  /** Fields with addresses (RFC 5228 §5.1), those of later standards and usage too. */
  private static final Set<String> FIELDS =
      Set.of(
          "from",
          "to",
          "cc",
          "bcc",
          "sender",
          "reply-to",
          "resent-from",
          "resent-to",
          "resent-cc",
          "resent-bcc",
          "resent-sender",
          "resent-reply-to",
          "return-path",
          "delivered-to",
          "envelope-to",
          "apparently-to",
          "errors-to",
          "mail-followup-to",
          "mail-reply-to",
          "disposition-notification-to",
          "return-receipt-to",
          "list-post",
          "author",
          "approved");

  private Addresses() {}

  /** Whether a field has addresses; one that begins with X- may. */
  static boolean isAddressField(String name) {
    String lower = Collation.asciiLower(name);
    return FIELDS.contains(lower) || lower.startsWith("x-");
  }

  /**
   * The same where headers of parts are looked at (RFC 5703 §4.2), whose fields begin with Content-
   * (RFC 2045 §9).
   *
   * @param mime null if it is the message's header
   */
  static boolean isAddressField(String name, Test.@Nullable Mime mime) {
    return isAddressField(name)
        || mime != null && Collation.asciiLower(name).startsWith("content-");
  }

  /** The address in a text that a script gives, with a name before it or without. */
  static Optional<MailAddress> parse(String text) {
    return author(text).map(Author::address);
  }

  /** The same with the name. */
  static Optional<Author> author(String text) {
    String octets = new String(text.getBytes(UTF_8), ISO_8859_1);
    List<EnvelopeAddress> found = AddressListParser.parse(octets, 3);
    if (found.size() != 1 || !found.getFirst().isAddress()) {
      return Optional.empty();
    }
    EnvelopeAddress one = found.getFirst();
    MailAddress address = new MailAddress(utf8(one.mailbox()), utf8(one.host()));
    try {
      return Optional.of(new Author(MailAddress.parse(address.toString()), name(one)));
    } catch (AddressException e) {
      return Optional.empty();
    }
  }

  /** A name in one line, as people read it. */
  private static String name(EnvelopeAddress of) {
    String name = EncodedWords.decode(of.name() == null ? "" : of.name());
    return name.replaceAll("\\p{Cntrl}+", " ").strip();
  }

  /**
   * Addresses with or without names as a field of their own has them (RFC 5322 §3.4): names that
   * are not ASCII encoded.
   *
   * @return nothing if the text is no list of addresses
   */
  static Optional<String> mailboxes(String text) {
    String octets = new String(text.getBytes(UTF_8), ISO_8859_1);
    List<String> mailboxes = new ArrayList<>();
    for (EnvelopeAddress each : AddressListParser.parse(octets, MOST_AUTHORS + 1)) {
      MailAddress address = new MailAddress(utf8(each.mailbox()), utf8(each.host()));
      try {
        MailAddress.parse(address.toString());
      } catch (AddressException e) {
        return Optional.empty();
      }
      String line = name(each);
      if (line.isEmpty()) {
        mailboxes.add(address.toString());
      } else if (line.chars().allMatch(c -> c < 127) && line.length() <= LONGEST_NAME) {
        mailboxes.add('"' + line.replaceAll("[\"\\\\]", "\\\\$0") + "\" <" + address + ">");
      } else {
        mailboxes.add(EncodedWords.encode(line).replace(" ", "\r\n ") + " <" + address + ">");
      }
    }
    return mailboxes.isEmpty() || mailboxes.size() > MOST_AUTHORS
        ? Optional.empty()
        : Optional.of(String.join(",\r\n ", mailboxes));
  }

  /** The addresses in a text as people read it. */
  static List<MailAddress> in(String text) {
    return of(new String(text.getBytes(UTF_8), ISO_8859_1));
  }

  /** The addresses of a field. */
  static List<MailAddress> of(String octets) {
    return AddressListParser.parse(octets, MOST).stream()
        .filter(EnvelopeAddress::isAddress)
        .map(each -> new MailAddress(utf8(each.mailbox()), utf8(each.host())))
        .toList();
  }

  private static String utf8(@Nullable String octets) {
    return octets == null ? "" : new String(octets.getBytes(ISO_8859_1), UTF_8);
  }

  /**
   * A part of an address.
   *
   * @param separators each of these characters ends the user part
   * @return nothing for the detail of an address that has none
   */
  static Optional<String> part(MailAddress address, AddressPart part, String separators) {
    String local = address.localPart();
    return switch (part) {
      case ALL -> Optional.of(address.domain().isEmpty() ? local : local + "@" + address.domain());
      case LOCALPART -> Optional.of(local);
      case DOMAIN -> Optional.of(address.domain());
      case USER -> {
        int at = separator(local, separators);
        yield Optional.of(at < 0 ? local : local.substring(0, at));
      }
      case DETAIL -> {
        int at = separator(local, separators);
        yield at < 0 ? Optional.empty() : Optional.of(local.substring(at + 1));
      }
    };
  }

  /** The first that is not the first character. */
  private static int separator(String local, String separators) {
    for (int i = 1; i < local.length(); i++) {
      if (separators.indexOf(local.charAt(i)) >= 0) {
        return i;
      }
    }
    return -1;
  }
}
