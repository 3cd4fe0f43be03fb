package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.mime.MailDate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** What a run changes of what the message holds (RFC 5703 §5, §6). */
final class Changing {
  /** RFC 5322 §2.1.1. */
  private static final int LONGEST_LINE = 998;

  /** Characters of a subject; the rest is cut off. */
  private static final int SUBJECT = 500;

  private final SieveMessage message;
  private final Presented presented;
  private final Surroundings surroundings;
  private final Run run;
  private final Watcher watcher;
  private int made;
  private int enclosures;

  Changing(
      SieveMessage message,
      Presented presented,
      Surroundings surroundings,
      Run run,
      Watcher watcher) {
    this.message = message;
    this.presented = presented;
    this.surroundings = surroundings;
    this.run = run;
    this.watcher = watcher;
  }

  void replace(Command.Replace command) throws RunException {
    Part root = message.parts().root();
    Part part = run.part().orElseGet(presented::root);
    String text = run.expand(command.replacement());
    Optional<String> subject = run.expandIfAny(command.subject()).map(Changing::oneLine);
    Optional<String> from = run.expandIfAny(command.from());
    Optional<String> author = from.flatMap(Addresses::mailboxes);
    if (from.isPresent() && author.isEmpty()) {
      throw run.problem("this is no list of addresses: " + from.get());
    }
    byte[] entity = command.mime() ? entity(text, part.boundaries()) : text(text);
    count(entity);
    if (part == root) {
      checkHeader();
      if (!message.replace(entity, subject.orElse(null), author.orElse(null))) {
        throw run.problem("the subject does not fit into a header");
      }
    } else {
      message.replace(part, entity);
    }
    watcher.step(
        command.line(),
        "replace "
            + part.name()
            + " by "
            + part.described().type()
            + "/"
            + part.described().subtype()
            + ", "
            + entity.length
            + " octets");
  }

  /** A message whose header is not known whole cannot get another one. */
  private void checkHeader() throws RunException {
    if (!message.isEditable()) {
      throw run.problem("the message has no header that can be edited");
    }
  }

  private void count(byte[] octets) throws RunException {
    run.pay(octets.length);
    made += octets.length;
    if (made > run.limits().madeOctets()) {
      throw run.problem(
          "a run puts at most " + run.limits().madeOctets() + " octets into a message");
    }
  }

  private static String lines(String text) {
    String lines = text.replaceAll("\r\n|\r|\n", "\r\n");
    return lines.isEmpty() || lines.endsWith("\r\n") ? lines : lines + "\r\n";
  }

  /** A text as a part; no line of it divides a multipart around it. */
  private static byte[] text(String text) {
    String lines = lines(text);
    boolean plain =
        lines.chars().allMatch(c -> c < 127 && (c >= ' ' || c == '\t' || c == '\r' || c == '\n'))
            && lines
                .lines()
                .noneMatch(line -> line.length() > LONGEST_LINE || line.startsWith("--"));
    String body =
        plain ? lines : Base64.getMimeEncoder().encodeToString(lines.getBytes(UTF_8)) + "\r\n";
    return ("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
            + (plain ? "7bit" : "base64")
            + "\r\n\r\n"
            + body)
        .getBytes(ISO_8859_1);
  }

  /** A MIME entity with its header (RFC 2045 §2.4). */
  private byte[] entity(String text, List<String> boundaries) throws RunException {
    String lines = lines(text);
    if (lines.indexOf('\0') >= 0) {
      throw run.problem("the replacement has a character that no message has (NUL)");
    }
    if (!lines.startsWith("\r\n") && !lines.contains("\r\n\r\n")) {
      throw run.problem("the replacement has no empty line behind its header");
    }
    byte[] entity = lines.getBytes(UTF_8);
    for (HeaderField field : HeaderFields.of(entity)) {
      if (field.name().isEmpty()) {
        throw run.problem("the replacement does not begin with a header");
      }
    }
    for (String boundary : boundaries) {
      if (lines.lines().anyMatch(line -> line.startsWith("--" + boundary))) {
        throw run.problem("the replacement has a line that divides the message: --" + boundary);
      }
    }
    return entity;
  }

  void enclose(Command.Enclose command) throws RunException, IOException {
    checkHeader();
    if (++enclosures > run.limits().enclosures()) {
      throw run.problem(
          "a run encloses the message at most " + run.limits().enclosures() + " times");
    }
    List<String> copied = run.expand(command.headers());
    for (String name : copied) {
      if (SieveMessage.isOfContent(name)) {
        throw run.problem(name + COPIES_NOT);
      }
    }
    Optional<String> subject = run.expandIfAny(command.subject()).map(Changing::oneLine);
    byte[] text = text(run.expand(command.text()));
    // What is in the message cannot name its own digest, so it cannot leave what is around it.
    String mark = HexFormat.of().formatHex(message.parts().digest(message.whole()), 0, 16);
    run.payForRead(message);
    String boundary = "=_" + mark;
    String transfer = "Content-Transfer-Encoding: " + message.parts().transfer() + "\r\n";
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    put(
        frame,
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n");
    put(frame, transfer + "\r\n--" + boundary + "\r\n");
    frame.writeBytes(text);
    put(frame, "\r\n--" + boundary + "\r\nContent-Type: message/rfc822\r\n" + transfer + "\r\n");
    put(frame, "X: x\r\n\r\n\r\n--" + boundary + "--\r\n");
    byte[] framed = frame.toByteArray();
    count(framed);
    byte[] header = header(copied, subject, mark, framed);
    message.enclose(framed, header);
    watcher.step(command.line(), "enclose the message in another one");
  }

  /** Behind the name of a field. */
  static final String COPIES_NOT = " tells what is in the message, and is not copied";

  private byte[] header(List<String> copied, Optional<String> subject, String mark, byte[] framed)
      throws RunException {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    header.writeBytes(
        message.octets(field ->
            copied.stream().anyMatch(field::is) && (subject.isEmpty() || !field.is("Subject"))));
    if (lacks(header, "Date")) {
      put(header, "Date: " + MailDate.of(surroundings.now()) + "\r\n");
    }
    if (lacks(header, "From")) {
      header.writeBytes(("From: " + surroundings.own() + "\r\n").getBytes(UTF_8));
    }
    if (subject.isPresent()) {
      header.writeBytes(
          SieveMessage.field("Subject", subject.get())
              .orElseThrow(() -> run.problem("the subject does not fit into a header")));
    } else if (lacks(header, "Subject")) {
      header.writeBytes(message.octets(field -> field.is("Subject")));
    }
    if (lacks(header, "Message-ID")) {
      String domain = surroundings.own().domain();
      header.writeBytes(
          ("Message-ID: <" + mark + "@" + (domain.isEmpty() ? "localhost" : domain) + ">\r\n")
              .getBytes(UTF_8));
    }
    HeaderFields own = HeaderFields.of(framed);
    own.all().forEach(field -> header.writeBytes(own.octets(field)));
    put(header, "\r\n");
    return header.toByteArray();
  }

  private static boolean lacks(ByteArrayOutputStream header, String name) {
    return HeaderFields.of(header.toByteArray()).named(name).isEmpty();
  }

  private static void put(ByteArrayOutputStream to, String octets) {
    to.writeBytes(octets.getBytes(ISO_8859_1));
  }

  private static String oneLine(String text) {
    String line = text.replaceAll("\\p{Cntrl}+", " ").strip();
    if (line.codePointCount(0, line.length()) <= SUBJECT) {
      return line;
    }
    return line.substring(0, line.offsetByCodePoints(0, SUBJECT));
  }
}
