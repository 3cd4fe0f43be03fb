package hikyaku.app.transfer;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An mbox file (RFC 4155) of the kind mboxrd: before each message a line {@code From sender date},
 * behind it an empty line, and in it a {@code >} more before each line that begins with any number
 * of these and {@code From }. Flags are in the fields Status (R: seen), X-Status (A: answered, F:
 * flagged, D: deleted, T: draft) and X-Keywords, which are the file's and not the message's.
 */
final class Mbox {
  private static final byte[] FROM = "From ".getBytes(StandardCharsets.US_ASCII);
  private static final Pattern DATE =
      Pattern.compile(
          "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +([A-Z][a-z]{2}) +([0-9]{1,2})"
              + " +([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?: +([A-Z]{1,5}))? +([0-9]{4})"
              + "(?: +([-+][0-9]{4}))?");
  private static final DateTimeFormatter ASCTIME =
      DateTimeFormatter.ofPattern("EEE MMM d HH:mm:ss yyyy", Locale.US);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("d MMM yyyy H:mm[:ss]", Locale.US);
  private static final Map<Character, String> STATUS =
      new TreeMap<>(Map.of('A', "\\Answered", 'D', "\\Deleted", 'F', "\\Flagged", 'T', "\\Draft"));

  private Mbox() {}

  /** What is done with each message. */
  interface Taker<E extends Exception> {
    void take(Letter letter) throws E, IOException;
  }

  // ---- reading

  /**
   * Reads a file.
   *
   * @param otherwise the date of a message whose separator tells none
   */
  static <E extends Exception> void read(InputStream file, Instant otherwise, Taker<E> taker)
      throws E, IOException {
    BufferedInputStream in = new BufferedInputStream(file, 64 * 1024);
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    @Nullable Instant date = null;
    boolean afterEmpty = true;
    byte[] line;
    while ((line = line(in)).length > 0) {
      if (afterEmpty && startsWith(line, 0, FROM)) {
        if (date != null) {
          taker.take(letter(withoutLastLine(message.toByteArray()), date));
        }
        message.reset();
        date = date(new String(line, StandardCharsets.ISO_8859_1)).orElse(otherwise);
        afterEmpty = false;
      } else {
        boolean quoted = isQuotedFrom(line);
        message.write(line, quoted ? 1 : 0, line.length - (quoted ? 1 : 0));
        afterEmpty = isEmpty(line);
      }
    }
    if (date != null) {
      byte[] last = message.toByteArray();
      taker.take(letter(afterEmpty ? withoutLastLine(last) : last, date));
    }
  }

  /** A line with its ending; nothing at the end. */
  private static byte[] line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(128);
    int octet;
    while ((octet = in.read()) >= 0) {
      line.write(octet);
      if (octet == '\n') {
        break;
      }
    }
    return line.toByteArray();
  }

  private static boolean isEmpty(byte[] line) {
    return line.length == 1 && line[0] == '\n'
        || line.length == 2 && line[0] == '\r' && line[1] == '\n';
  }

  private static boolean startsWith(byte[] line, int at, byte[] what) {
    if (line.length < at + what.length) {
      return false;
    }
    for (int i = 0; i < what.length; i++) {
      if (line[at + i] != what[i]) {
        return false;
      }
    }
    return true;
  }

  private static boolean isQuotedFrom(byte[] line) {
    int quotes = quotes(line);
    return quotes > 0 && startsWith(line, quotes, FROM);
  }

  private static int quotes(byte[] line) {
    int quotes = 0;
    while (quotes < line.length && line[quotes] == '>') {
      quotes++;
    }
    return quotes;
  }

  /** Without the empty line before the next separator. */
  private static byte[] withoutLastLine(byte[] message) {
    int end = message.length;
    if (end > 0 && message[end - 1] == '\n') {
      end--;
      if (end > 0 && message[end - 1] == '\r') {
        end--;
      }
    }
    return java.util.Arrays.copyOf(message, end);
  }

  static Optional<Instant> date(String separator) {
    Matcher matcher = DATE.matcher(separator);
    if (!matcher.find()) {
      return Optional.empty();
    }
    try {
      LocalDateTime time =
          LocalDateTime.parse(
              "%s %s %s %s"
                  .formatted(
                      matcher.group(2), matcher.group(1), matcher.group(5), matcher.group(3)),
              TIME);
      ZoneOffset zone = matcher.group(6) == null ? ZoneOffset.UTC : ZoneOffset.of(matcher.group(6));
      return Optional.of(time.toInstant(zone));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** The message without the fields that are the file's, and what they say. */
  private static Letter letter(byte[] text, Instant date) {
    byte[] message = LineEndings.toNetwork(text);
    ByteArrayOutputStream kept = new ByteArrayOutputStream(message.length);
    List<String> flags = new ArrayList<>();
    int at = 0;
    boolean dropping = false;
    while (at < message.length) {
      int end = at;
      while (end < message.length && message[end] != '\n') {
        end++;
      }
      end = Math.min(message.length, end + 1);
      String line = new String(message, at, end - at, StandardCharsets.ISO_8859_1);
      if (line.isBlank()) {
        break;
      }
      if (line.charAt(0) != ' ' && line.charAt(0) != '\t') {
        dropping = understood(line, flags);
      }
      if (!dropping) {
        kept.write(message, at, end - at);
      }
      at = end;
    }
    kept.write(message, at, message.length - at);
    return new Letter(kept.toByteArray(), date, flags);
  }

  private static boolean understood(String field, List<String> flags) {
    int colon = field.indexOf(':');
    if (colon < 0) {
      return false;
    }
    String value = field.substring(colon + 1).strip();
    switch (field.substring(0, colon).toLowerCase(Locale.ROOT)) {
      case "status" -> {
        if (value.contains("R")) {
          flags.add("\\Seen");
        }
      }
      case "x-status" ->
          STATUS.forEach((letter, flag) -> {
            if (value.indexOf(letter) >= 0) {
              flags.add(flag);
            }
          });
      case "x-keywords" -> {
        for (String word : value.split("[ ,]+")) {
          if (!word.isEmpty()) {
            flags.add(word);
          }
        }
      }
      case "x-uid", "x-imap", "x-imapbase" -> {
        // Numbers of another server mean nothing here.
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  // ---- writing

  static void write(OutputStream out, Letter letter) throws IOException {
    String separator =
        "From MAILER-DAEMON " + ASCTIME.format(letter.date().atOffset(ZoneOffset.UTC)) + "\n";
    out.write(separator.getBytes(StandardCharsets.US_ASCII));
    byte[] local = LineEndings.toLocal(letter.content());
    boolean isNetwork = local == letter.content() && indexOf(local, '\r') >= 0;
    String ending = isNetwork ? "\r\n" : "\n";
    out.write(status(letter.flags(), ending).getBytes(StandardCharsets.UTF_8));
    int at = 0;
    while (at < local.length) {
      int end = at;
      while (end < local.length && local[end] != '\n') {
        end++;
      }
      end = Math.min(local.length, end + 1);
      int quotes = at;
      while (quotes < end && local[quotes] == '>') {
        quotes++;
      }
      if (startsWith(local, quotes, FROM)) {
        out.write('>');
      }
      out.write(local, at, end - at);
      at = end;
    }
    out.write(ending.getBytes(StandardCharsets.US_ASCII));
    if (local.length > 0 && local[local.length - 1] != '\n') {
      out.write(ending.getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static int indexOf(byte[] octets, char wanted) {
    for (int i = 0; i < octets.length; i++) {
      if (octets[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  private static String status(List<String> flags, String ending) {
    StringBuilder fields = new StringBuilder();
    fields.append("Status: ").append(flags.contains("\\Seen") ? "RO" : "O").append(ending);
    StringBuilder letters = new StringBuilder();
    STATUS.forEach((letter, flag) -> letters.append(flags.contains(flag) ? letter : ""));
    if (!letters.isEmpty()) {
      fields.append("X-Status: ").append(letters).append(ending);
    }
    List<String> keywords = flags.stream().filter(flag -> !flag.startsWith("\\")).toList();
    if (!keywords.isEmpty()) {
      fields.append("X-Keywords: ").append(String.join(" ", keywords)).append(ending);
    }
    return fields.toString();
  }
}
