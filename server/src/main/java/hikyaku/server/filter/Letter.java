package hikyaku.server.filter;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.MailDate;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.Base64;
import java.util.List;

/** A mail that a script sends, put together field by field. */
final class Letter {
  /** RFC 5322 §3.3. */
  private static final int LONGEST_LINE = 998;

  private final StringBuilder out = new StringBuilder();

  Letter(MailAddress from, String name, List<MailAddress> to, String subject) {
    String named = phrase(name);
    field("From", named.isEmpty() ? from.toString() : named + " <" + from + ">");
    list("To", to);
    field("Subject", words(subject));
  }

  /** Adds a field; the value is in order for one. */
  Letter field(String name, String value) {
    out.append(name).append(": ").append(value).append("\r\n");
    return this;
  }

  /** Adds a field of addresses, if there are any. */
  Letter list(String name, List<MailAddress> addresses) {
    return addresses.isEmpty()
        ? this
        : field(name, String.join(", ", addresses.stream().map(MailAddress::toString).toList()));
  }

  Letter date(Instant time) {
    return field("Date", MailDate.of(time));
  }

  /** The end: a text. */
  String text(String text) {
    String lines = text.replaceAll("\r\n|\r|\n", "\r\n");
    boolean plain =
        lines.chars().allMatch(c -> c < 127 && (c >= ' ' || c == '\t' || c == '\r' || c == '\n'))
            && lines.lines().allMatch(line -> line.length() <= LONGEST_LINE);
    field("MIME-Version", "1.0");
    field("Content-Type", "text/plain; charset=" + (plain ? "us-ascii" : "utf-8"));
    field("Content-Transfer-Encoding", plain ? "7bit" : "base64");
    return out
        + "\r\n"
        + (plain ? lines : Base64.getMimeEncoder().encodeToString(lines.getBytes(UTF_8)))
        + (plain && lines.endsWith("\r\n") ? "" : "\r\n");
  }

  /**
   * The end: a MIME entity (RFC 5230 §4.4). Of its header what describes it is taken, and nothing
   * that would say who sends it or to whom.
   */
  String entity(String entity) {
    String lines = entity.replaceAll("\r\n|\r|\n", "\r\n");
    int end = lines.startsWith("\r\n") ? 0 : lines.indexOf("\r\n\r\n") + 2;
    if (end == 1) {
      return text(entity);
    }
    field("MIME-Version", "1.0");
    boolean taken = false;
    for (String line : lines.substring(0, end).split("\r\n")) {
      boolean folded = line.startsWith(" ") || line.startsWith("\t");
      taken = folded ? taken : line.regionMatches(true, 0, "Content-", 0, "Content-".length());
      if (taken) {
        out.append(line).append("\r\n");
      }
    }
    return out + lines.substring(end);
  }

  /** The end: the parts of a multipart, of whatever octets. */
  byte[] parts(String type, String boundary, List<byte[]> parts) {
    field("MIME-Version", "1.0");
    field("Content-Type", type + ";\r\n\tboundary=\"" + boundary + "\"");
    field("Content-Transfer-Encoding", "8bit");
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    octets.writeBytes((out + "\r\n").getBytes(UTF_8));
    for (byte[] part : parts) {
      octets.writeBytes(("--" + boundary + "\r\n").getBytes(UTF_8));
      octets.writeBytes(part);
      octets.writeBytes("\r\n".getBytes(UTF_8));
    }
    octets.writeBytes(("--" + boundary + "--\r\n").getBytes(UTF_8));
    return octets.toByteArray();
  }

  /** A name for people as a field has it (RFC 5322 §3.2.5). */
  private static String phrase(String name) {
    String line = oneLine(name);
    return isAscii(line) && !line.isEmpty()
        ? '"' + line.replaceAll("[\"\\\\]", "\\\\$0") + '"'
        : words(line);
  }

  /** Text as an unstructured field has it (RFC 2047). */
  private static String words(String text) {
    return EncodedWords.encodeFolded(oneLine(text));
  }

  static String oneLine(String text) {
    return text.replaceAll("\\p{Cntrl}+", " ").strip();
  }

  static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < 127);
  }
}
