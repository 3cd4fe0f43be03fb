package hikyaku.protocol.imap;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Octets of a message that are on this server, by a URL relative to the session (RFC 5092 §7.2):
 * {@code /Drafts;UIDVALIDITY=385759045/;UID=20/;SECTION=1.MIME/;PARTIAL=0.100}, or the same from
 * {@code ;UID=} on for the selected mailbox. URLs that name a server are none of these: a session
 * knows no name of its own.
 *
 * @param text as the client wrote it, in octets
 * @param mailbox in Unicode; null for the selected one
 * @param uidValidity which the mailbox must have, or null if any will do
 * @param section what of the message
 * @param partial which octets of that, or null for all
 */
public record ImapUrl(
    String text,
    @Nullable String mailbox,
    @Nullable Long uidValidity,
    long uid,
    Section section,
    FetchItem.@Nullable Partial partial) {
  /** What may stand in a URL unencoded, beside letters and digits (RFC 5092 §11). */
  private static final String PLAIN = "-._~!$'()*+,&=:@/;%";

  /**
   * @param octets one per char
   * @throws SyntaxException if it is no URL of this kind
   */
  static ImapUrl parse(String octets, ImapLimits limits) throws SyntaxException {
    if (octets.length() > limits.url()) {
      throw SyntaxException.limit("URL is too long");
    }
    ImapUrl url = octets.chars().allMatch(ImapUrl::isPlain) ? of(octets, limits) : null;
    if (url == null) {
      throw new SyntaxException(bad(octets, "Not a URL of a message here"));
    }
    return url;
  }

  /** The reply to a command that names a URL which leads nowhere (RFC 4469 §4.1). */
  public Reply bad(String why) {
    return bad(text, why);
  }

  private static Reply bad(String url, String why) {
    return Reply.no(new ResponseCode.BadUrl(url), why);
  }

  /** A URL as a response may hold it: what may not stand there is percent-encoded. */
  static String told(String url) {
    StringBuilder told = new StringBuilder();
    url.chars()
        .forEach(octet -> {
          if (isPlain(octet)) {
            told.append((char) octet);
          } else {
            told.append(String.format(Locale.ROOT, "%%%02X", octet));
          }
        });
    return told.toString();
  }

  private static boolean isPlain(int octet) {
    return octet >= 'a' && octet <= 'z'
        || octet >= 'A' && octet <= 'Z'
        || octet >= '0' && octet <= '9'
        || PLAIN.indexOf(octet) >= 0;
  }

  /** A parameter: what stands between its semicolon and the next. */
  private record Parameter(String name, String value) {}

  private static @Nullable ImapUrl of(String text, ImapLimits limits) {
    int first = text.indexOf(';');
    if (first < 0) {
      return null;
    }
    List<Parameter> parameters = parameters(text.substring(first + 1));
    String mailbox = text.substring(0, first);
    if (parameters == null || mailbox.startsWith("//")) {
      return null;
    }
    Long uidValidity = null;
    if (parameters.getFirst().name.equals("UIDVALIDITY")) {
      uidValidity = number(parameters.removeFirst().value, 1, 0xFFFF_FFFFL);
      if (uidValidity == null) {
        return null;
      }
    } else if (!mailbox.isEmpty()) {
      // The slash before ;UID= is no part of the name.
      mailbox = mailbox.endsWith("/") ? mailbox.substring(0, mailbox.length() - 1) : "";
    }
    String name = mailbox.isEmpty() ? null : name(mailbox);
    if (name == null && (!mailbox.isEmpty() || first > 0 || uidValidity != null)) {
      return null;
    }
    if (parameters.isEmpty() || !parameters.getFirst().name.equals("UID")) {
      return null;
    }
    Long uid = number(parameters.removeFirst().value, 1, 0xFFFF_FFFFL);
    Section section = Section.WHOLE;
    if (!parameters.isEmpty() && parameters.getFirst().name.equals("SECTION")) {
      section = section(parameters.removeFirst().value, limits);
    }
    FetchItem.Partial partial = null;
    if (!parameters.isEmpty() && parameters.getFirst().name.equals("PARTIAL")) {
      partial = partial(parameters.removeFirst().value);
      if (partial == null) {
        return null;
      }
    }
    return uid == null || section == null || !parameters.isEmpty()
        ? null
        : new ImapUrl(text, name, uidValidity, uid, section, partial);
  }

  /** Each but the last ends with a slash, which is taken off; null if one does not. */
  private static @Nullable List<Parameter> parameters(String text) {
    List<Parameter> parameters = new ArrayList<>();
    String[] all = text.split(";", -1);
    for (int i = 0; i < all.length; i++) {
      String one = all[i];
      if (i < all.length - 1) {
        if (!one.endsWith("/")) {
          return null;
        }
        one = one.substring(0, one.length() - 1);
      }
      int equals = one.indexOf('=');
      if (equals < 0) {
        return null;
      }
      parameters.add(
          new Parameter(Text.upper(one.substring(0, equals)), one.substring(equals + 1)));
    }
    return parameters;
  }

  /** {@code enc-mailbox} behind the slash that begins an absolute path. */
  private static @Nullable String name(String path) {
    String octets = path.startsWith("/") ? decoded(path.substring(1)) : null;
    return octets == null || octets.isEmpty() ? null : MailboxNames.decode(octets, true);
  }

  private static @Nullable Section section(String value, ImapLimits limits) {
    String octets = decoded(value);
    if (octets == null || octets.isEmpty()) {
      return null;
    }
    byte[] spec = octets.getBytes(StandardCharsets.ISO_8859_1);
    try {
      return new FetchParser(new Cursor(spec, 0, spec.length, limits, true)).onlySection();
    } catch (SyntaxException e) {
      return null;
    }
  }

  /** {@code partial-range}. */
  private static FetchItem.@Nullable Partial partial(String value) {
    int dot = value.indexOf('.');
    Long offset = number(dot < 0 ? value : value.substring(0, dot), 0, Long.MAX_VALUE);
    Long length =
        dot < 0
            ? Long.valueOf(Long.MAX_VALUE)
            : number(value.substring(dot + 1), 1, Long.MAX_VALUE);
    return offset == null || length == null ? null : new FetchItem.Partial(offset, length);
  }

  private static @Nullable Long number(String digits, long least, long most) {
    if (digits.isEmpty()
        || least > 0 && digits.startsWith("0")
        || !digits.chars().allMatch(Text::isDigit)) {
      return null;
    }
    try {
      // Digits alone fail only above all bounds.
      long number = Long.parseLong(digits);
      return number < least || number > most ? null : number;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** Undoes percent-encoding; null if it is broken. */
  private static @Nullable String decoded(String text) {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    for (int at = 0; at < text.length(); at++) {
      if (text.charAt(at) != '%') {
        octets.write(text.charAt(at));
        continue;
      }
      if (at + 2 >= text.length()) {
        return null;
      }
      int high = Character.digit(text.charAt(at + 1), 16);
      int low = Character.digit(text.charAt(at + 2), 16);
      if (high < 0 || low < 0) {
        return null;
      }
      octets.write(16 * high + low);
      at += 2;
    }
    return octets.toString(StandardCharsets.ISO_8859_1);
  }
}
