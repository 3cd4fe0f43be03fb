package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.address.AddressException;
import hikyaku.protocol.address.MailAddress;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;

/**
 * Whom a notification goes to, and what it says (RFC 5436, RFC 6068). Of the header fields that
 * such a URI may name, subject, to, cc and body are heeded; a notification has no others.
 *
 * @param cc none of those in {@code to}; with them there is at least one
 */
record MailtoUri(
    List<MailAddress> to, List<MailAddress> cc, Optional<String> subject, Optional<String> body) {
  private static final String SCHEME = "mailto:";

  /** Addresses of a notification. */
  private static final int MOST = 4;

  MailtoUri {
    to = List.copyOf(to);
    cc = List.copyOf(cc);
  }

  static boolean isValid(String text) {
    try {
      parse(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * Reads a URI.
   *
   * @throws IllegalArgumentException with a sentence for the script's author
   */
  static MailtoUri parse(String text) {
    if (!text.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw new IllegalArgumentException("notifications go by mailto: only");
    }
    String rest = text.substring(SCHEME.length());
    int mark = rest.indexOf('?');
    SequencedSet<MailAddress> to = new LinkedHashSet<>();
    SequencedSet<MailAddress> cc = new LinkedHashSet<>();
    addresses(mark < 0 ? rest : rest.substring(0, mark), to);
    Optional<String> subject = Optional.empty();
    Optional<String> body = Optional.empty();
    if (mark >= 0) {
      for (String field : rest.substring(mark + 1).split("&", -1)) {
        int equals = field.indexOf('=');
        if (equals < 0) {
          throw new IllegalArgumentException("this mailto: is not in order: " + field);
        }
        String value = field.substring(equals + 1);
        switch (decoded(field.substring(0, equals)).toLowerCase(Locale.ROOT)) {
          case "to" -> addresses(value, to);
          case "cc" -> addresses(value, cc);
          case "subject" -> subject = Optional.of(decoded(value));
          case "body" -> body = Optional.of(decoded(value));
          default -> {} // RFC 5436 §2.7: what is not safe is passed over
        }
      }
    }
    cc.removeAll(to);
    if (to.isEmpty() && cc.isEmpty()) {
      throw new IllegalArgumentException("this mailto: names nobody");
    }
    if (to.size() + cc.size() > MOST) {
      throw new IllegalArgumentException("a notification goes to at most " + MOST + " addresses");
    }
    return new MailtoUri(List.copyOf(to), List.copyOf(cc), subject, body);
  }

  private static void addresses(String list, Set<MailAddress> into) {
    if (list.isEmpty()) {
      return;
    }
    for (String each : list.split(",", -1)) {
      try {
        into.add(MailAddress.parse(decoded(each)));
      } catch (AddressException e) {
        throw new IllegalArgumentException("this is no address: " + each, e);
      }
    }
  }

  /** Undoes percent-encoding of UTF-8 (RFC 6068 §2). */
  private static String decoded(String text) {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    int at = 0;
    while (at < text.length()) {
      char next = text.charAt(at);
      if (next == '%') {
        int value = at + 2 < text.length() ? hex(text.charAt(at + 1), text.charAt(at + 2)) : -1;
        if (value < 0) {
          throw new IllegalArgumentException("this mailto: has a % that stands for nothing");
        }
        octets.write(value);
        at += 3;
      } else {
        int codePoint = text.codePointAt(at);
        octets.writeBytes(Character.toString(codePoint).getBytes(UTF_8));
        at += Character.charCount(codePoint);
      }
    }
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(octets.toByteArray())).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("this mailto: is not UTF-8", e);
    }
  }

  private static int hex(char high, char low) {
    int value = Character.digit(high, 16) * 16 + Character.digit(low, 16);
    return Character.digit(high, 16) < 0 || Character.digit(low, 16) < 0 ? -1 : value;
  }
}
