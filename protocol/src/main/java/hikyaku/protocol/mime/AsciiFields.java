package hikyaku.protocol.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.address.AddressListParser;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.address.MailAddress;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Header fields beyond ASCII in the form that readers of ASCII alone understand (RFC 6857 §3). What
 * is not UTF-8 either is taken for what it looks like ({@link Charsets#UNDECLARED}).
 */
final class AsciiFields {
  private static final String CRLF = "\r\n";
  private static final String FOLD = CRLF + " ";

  /** More addresses in one field are not told apart. */
  private static final int MOST_ADDRESSES = 10_000;

  /** Characters of one piece of a parameter's value (RFC 2231 §3). */
  private static final int SEGMENT = 500;

  /** Characters of a line that is folded (RFC 5322 §2.1.1), less those of its name. */
  private static final int LINE = 60;

  private static final Pattern SPACE = Pattern.compile("[ \t\r\n]+");

  private static final String ATEXT = "!#$%&'*+-/=?^_`{|}~ ";

  private AsciiFields() {}

  /** A header block up to its empty line, or to its end, without octets above 127. */
  static byte[] rewritten(byte[] block) {
    if (isAscii(block)) {
      return block;
    }
    HeaderFields fields = HeaderFields.of(block);
    ByteArrayOutputStream out = new ByteArrayOutputStream(block.length * 2);
    int end = 0;
    for (HeaderField field : fields) {
      byte[] octets = fields.octets(field);
      out.writeBytes(isAscii(octets) ? octets : rewritten(field, octets));
      end = field.end();
    }
    out.write(block, end, block.length - end);
    return out.toByteArray();
  }

  static boolean isAscii(byte[] octets) {
    for (byte octet : octets) {
      if (octet < 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < 128);
  }

  /** The field, its lines ending as it ended. */
  private static byte[] rewritten(HeaderField field, byte[] octets) {
    String before = new String(octets, ISO_8859_1);
    String ending =
        before.endsWith(CRLF)
            ? CRLF
            : before.endsWith("\n") ? "\n" : before.endsWith("\r") ? "\r" : "";
    String text = text(field);
    String lines = ending.isEmpty() ? text : text.replace(CRLF, ending);
    return (lines + ending).getBytes(US_ASCII);
  }

  /** A field without its last line ending. */
  private static String text(HeaderField field) {
    if (field.name().isEmpty() || !isAscii(field.name())) {
      // No field: RFC 6532 leaves names as they were.
      String whole = field.name().isEmpty() ? field.value() : field.name() + ": " + field.value();
      return unstructured(whole);
    }
    String name = field.name() + ": ";
    String value = field.value();
    return switch (HeaderField.fold(field.name())) {
      case "from",
          "sender",
          "to",
          "cc",
          "bcc",
          "reply-to",
          "resent-from",
          "resent-sender",
          "resent-to",
          "resent-cc",
          "resent-bcc",
          "resent-reply-to",
          "return-path",
          "disposition-notification-to" ->
          name + addresses(value);
      case "date",
          "resent-date",
          "mime-version",
          "content-id",
          "content-transfer-encoding",
          "content-language",
          "accept-language",
          "auto-submitted" ->
          name + commented(value).orElseGet(() -> unstructured(value));
      case "message-id",
          "resent-message-id",
          "in-reply-to",
          "references",
          "original-recipient",
          "final-recipient" ->
          commented(value)
              .map(name::concat)
              .orElseGet(() -> "Downgraded-" + name + unstructured(value));
      case "received" -> name + commented(value).orElseGet(() -> received(value));
      case "content-type", "content-disposition" -> name + content(value);
      case "keywords" -> name + keywords(value);
      default -> name + unstructured(value);
    };
  }

  /** §3.1.1. Encoded-words that are there are taken along. */
  private static String unstructured(String value) {
    return EncodedWords.encodeFolded(decoded(value));
  }

  /** Text for people, from which no line can be made. */
  private static String decoded(String octets) {
    return EncodedWords.decode(octets).replaceAll("\\p{Cntrl}", " ");
  }

  /** Words in lines of some length. */
  private static String folded(List<String> words) {
    StringBuilder out = new StringBuilder();
    int line = 0;
    for (String word : words) {
      boolean fold = line > 0 && line + word.length() >= LINE;
      out.append(out.isEmpty() ? "" : fold ? FOLD : " ").append(word);
      line = fold ? word.length() : line + 1 + word.length();
    }
    return out.toString();
  }

  // ---- addresses

  /** §3.2.1. */
  private static String addresses(String value) {
    List<EnvelopeAddress> parsed = AddressListParser.parse(value, MOST_ADDRESSES);
    if (parsed.size() >= MOST_ADDRESSES) {
      return unstructured(value);
    }
    List<String> written = new ArrayList<>();
    for (int at = 0; at < parsed.size(); at++) {
      EnvelopeAddress address = parsed.get(at);
      if (address.isAddress()) {
        written.add(mailbox(address));
      } else {
        List<EnvelopeAddress> members =
            parsed.subList(at + 1, parsed.size()).stream()
                .takeWhile(EnvelopeAddress::isAddress)
                .toList();
        written.add(group(address, members));
        at += members.size() + 1;
      }
    }
    // Of brackets alone nothing is told.
    return written.isEmpty() ? "<>" : String.join("," + FOLD, written);
  }

  /** §3.1.7. */
  private static String group(EnvelopeAddress start, List<EnvelopeAddress> members) {
    String name = phrase(start.mailbox() == null ? "" : start.mailbox());
    boolean plain = members.stream().allMatch(member -> ascii(member).isPresent());
    if (plain) {
      List<String> written = members.stream().map(AsciiFields::mailbox).toList();
      return name + ": " + String.join("," + FOLD, written) + ";";
    }
    List<String> shown = members.stream().map(AsciiFields::shown).toList();
    return name + " " + EncodedWords.encodeFolded(String.join(", ", shown)) + " :;";
  }

  /** §3.1.8, with the display name of §3.1.5. */
  private static String mailbox(EnvelopeAddress address) {
    String name = address.name() == null ? "" : phrase(address.name());
    Optional<String> ascii = ascii(address);
    if (ascii.isEmpty()) {
      String words = EncodedWords.encodeFolded(specification(address));
      return (name.isEmpty() ? "" : name + " ") + words + " :;";
    }
    return name.isEmpty() ? ascii.get() : name + FOLD + "<" + ascii.get() + ">";
  }

  private static String shown(EnvelopeAddress address) {
    String specification = specification(address);
    return address.name() == null
        ? specification
        : decoded(address.name()) + " <" + specification + ">";
  }

  private static String local(EnvelopeAddress address) {
    return address.mailbox() == null ? "" : Charsets.decodeUndeclared(address.mailbox());
  }

  private static String host(EnvelopeAddress address) {
    return address.host() == null ? "" : Charsets.decodeUndeclared(address.host());
  }

  private static String specification(EnvelopeAddress address) {
    String host = host(address);
    return host.isEmpty() ? local(address) : local(address) + "@" + host;
  }

  /** The address without SMTPUTF8; nothing if it has no such form. */
  private static Optional<String> ascii(EnvelopeAddress address) {
    String host = host(address);
    if (host.isEmpty()) {
      return Optional.of(local(address)).filter(AsciiFields::isAscii);
    }
    return new MailAddress(local(address), host).ascii().map(MailAddress::toString);
  }

  /** Words as a phrase has them (RFC 5322 §3.2.5, RFC 2047 §5 (3)). */
  private static String phrase(String octets) {
    String text = decoded(octets);
    if (!isAscii(text) || text.contains("=?")) {
      return EncodedWords.encodeFolded(text);
    }
    boolean atoms =
        text.chars()
            .allMatch(
                c -> ATEXT.indexOf(c) >= 0 || (c >= '0' && c <= '9') || Character.isLetter(c));
    return atoms && !text.isEmpty() ? text : quoted(text);
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  /** §3.2.7. */
  private static String keywords(String value) {
    List<String> phrases = new ArrayList<>();
    for (String keyword : value.split(",")) {
      phrases.add(phrase(keyword.strip()));
    }
    return String.join("," + FOLD, phrases);
  }

  // ---- comments and trace

  /** §3.1.3, if there is nothing beyond ASCII outside of comments. */
  private static Optional<String> commented(String value) {
    return Optional.of(comments(Charsets.decodeUndeclared(value)))
        .filter(AsciiFields::isAscii)
        .map(text -> folded(List.of(SPACE.split(text))));
  }

  private static String comments(String text) {
    StringBuilder out = new StringBuilder();
    boolean quoted = false;
    int at = 0;
    while (at < text.length()) {
      char next = text.charAt(at);
      int end = at + 1;
      if (next == '\\') {
        end = Math.min(at + 2, text.length());
      } else if (next == '"') {
        quoted = !quoted;
      } else if (next == '(' && !quoted) {
        end = commentEnd(text, at);
      }
      String piece = text.substring(at, end);
      boolean encode = next == '(' && !quoted && !isAscii(piece) && piece.endsWith(")");
      out.append(
          encode
              ? "(" + EncodedWords.encodeFolded(piece.substring(1, piece.length() - 1)) + ")"
              : piece);
      at = end;
    }
    return out.toString();
  }

  /** Behind the comment that begins here, or behind everything if nothing ends it. */
  private static int commentEnd(String text, int start) {
    int depth = 0;
    for (int at = start; at < text.length(); at++) {
      switch (text.charAt(at)) {
        case '\\' -> at++;
        case '(' -> depth++;
        case ')' -> depth--;
        default -> {}
      }
      if (depth == 0) {
        return at + 1;
      }
    }
    return text.length();
  }

  /** §3.2.4: domains in A-labels; a clause whose value has no such form goes with its word. */
  private static String received(String value) {
    List<String> kept = new ArrayList<>();
    for (String word : SPACE.split(comments(Charsets.decodeUndeclared(value)))) {
      boolean id = !kept.isEmpty() && kept.getLast().equalsIgnoreCase("id");
      Optional<String> ascii =
          isAscii(word) ? Optional.of(word) : id ? Optional.empty() : domains(word);
      if (ascii.isPresent()) {
        kept.add(ascii.get());
        continue;
      }
      if (!kept.isEmpty() && kept.getLast().chars().allMatch(Character::isLetter)) {
        kept.removeLast();
      }
      if (word.endsWith(";")) {
        kept.add(";");
      }
    }
    return folded(kept);
  }

  /** A word of a Received field, which is a domain or an address with one, in A-labels. */
  private static Optional<String> domains(String word) {
    String end = word.endsWith(";") ? ";" : "";
    String bare = word.substring(0, word.length() - end.length());
    boolean path = bare.startsWith("<") && bare.endsWith(">");
    String named = path ? bare.substring(1, bare.length() - 1) : bare;
    int at = named.lastIndexOf('@');
    return new MailAddress(at < 0 ? "x" : named.substring(0, at), named.substring(at + 1))
        .ascii()
        .map(address -> at < 0 ? address.domain() : address.toString())
        .map(ascii -> (path ? "<" + ascii + ">" : ascii) + end);
  }

  // ---- parameters

  /** §3.2.5: values in the form of RFC 2231 §4, without comments. */
  private static String content(String value) {
    ContentField field = ContentField.of(value);
    if (!isAscii(field.value())) {
      return unstructured(value);
    }
    StringBuilder out = new StringBuilder(field.value());
    for (MimeParameter parameter : field.parameters()) {
      boolean told =
          field.parameters().stream().anyMatch(p -> p.name().equals(parameter.name() + "*"));
      // What is told in the other form as well needs none.
      if (isAscii(parameter.name()) && (isAscii(parameter.value()) || !told)) {
        out.append(parameter(parameter));
      }
    }
    return out.toString();
  }

  private static String parameter(MimeParameter parameter) {
    String name = parameter.name();
    String before = ";" + FOLD;
    if (name.endsWith("*")) {
      return before + name + "=" + percent(parameter.value().getBytes(ISO_8859_1), "%'");
    }
    if (isAscii(parameter.value())) {
      return before + name + "=" + quoted(parameter.value());
    }
    String text = percent(decoded(parameter.value()).getBytes(UTF_8), "");
    if (text.length() <= SEGMENT) {
      return before + name + "*=utf-8''" + text;
    }
    StringBuilder segments = new StringBuilder();
    int number = 0;
    for (int at = 0; at < text.length(); number++) {
      int end = Math.min(text.length(), at + SEGMENT);
      // An octet is not divided.
      int percent = text.lastIndexOf('%', end - 1);
      end = end < text.length() && percent > end - 3 ? percent : end;
      String charset = number == 0 ? "utf-8''" : "";
      segments.append(before).append(name).append('*').append(number).append("*=");
      segments.append(charset).append(text, at, end);
      at = end;
    }
    return segments.toString();
  }

  /**
   * attribute-chars of RFC 2231 §7 as they are, others as octets.
   *
   * @param kept what else stays
   */
  private static String percent(byte[] octets, String kept) {
    StringBuilder out = new StringBuilder();
    for (byte octet : octets) {
      boolean plain = octet > ' ' && octet < 127 && "*'%()<>@,;:\\\"/[]?=".indexOf(octet) < 0;
      if (plain || kept.indexOf(octet) >= 0) {
        out.append((char) octet);
      } else {
        out.append(String.format(Locale.ROOT, "%%%02X", octet & 0xff));
      }
    }
    return out.toString();
  }
}
