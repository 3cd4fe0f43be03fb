package hikyaku.server.lists;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.BlobReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/** The header of a message, field by field, octets as characters of Latin 1. */
final class Head {
  /** Octets of a header of mail for a list. A longer one is no letter that anybody reads. */
  static final int LONGEST = 256 * 1024;

  /**
   * A field.
   *
   * @param name in lower case
   * @param octets all of it, with its line endings
   */
  private record Field(String name, String octets) {
    String value() {
      int colon = octets.indexOf(':');
      return octets.substring(colon + 1).replaceAll("\r\n(?=[ \t])", "").strip();
    }
  }

  private final MailStore mail;
  private final Intake.Received message;
  private final List<Field> fields = new ArrayList<>();

  private Head(MailStore mail, Intake.Received message) {
    this.mail = mail;
    this.message = message;
  }

  /** Reads the header of a message, which must not be longer than {@link #LONGEST}. */
  static Head of(MailStore mail, Intake.Received message) {
    Head head = new Head(mail, message);
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    try (BlobReader reader = mail.store().blobs().open(message.blob().id())) {
      reader.copy(0, message.structure().root().bodyStart(), octets::write);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
    String text = octets.toString(ISO_8859_1);
    int start = 0;
    while (start < text.length()) {
      int end = end(text, start);
      String field = text.substring(start, end);
      int colon = field.indexOf(':');
      if (colon > 0) {
        head.fields.add(
            new Field(field.substring(0, colon).strip().toLowerCase(Locale.ROOT), field));
      }
      start = end;
    }
    return head;
  }

  static boolean isTooLong(Intake.Received message) {
    return message.structure().root().bodyStart() > LONGEST;
  }

  /** Behind the CRLF that no folding follows. */
  private static int end(String text, int start) {
    int at = text.indexOf("\r\n", start);
    while (at >= 0 && at + 2 < text.length() && " \t".indexOf(text.charAt(at + 2)) >= 0) {
      at = text.indexOf("\r\n", at + 2);
    }
    return at < 0 ? text.length() : at + 2;
  }

  /** What stands behind the colon of the first field of a name, with its folding. */
  Optional<String> first(String name) {
    return fields.stream()
        .filter(f -> f.name.equals(name))
        .map(f -> f.octets.substring(f.octets.indexOf(':') + 1).strip())
        .findFirst();
  }

  /** The values of the fields of a name, unfolded. */
  List<String> values(String name) {
    return fields.stream().filter(f -> f.name.equals(name)).map(Field::value).toList();
  }

  /** The message without some fields: itself, if it has none of them. */
  Intake.Received without(Predicate<String> names) {
    return fields.stream().noneMatch(field -> names.test(field.name))
        ? message
        : replaced(names, "");
  }

  /**
   * The message with other fields in place of some.
   *
   * @param names of those that go
   * @param others with their line endings, octets as characters of Latin 1
   */
  Intake.Received replaced(Predicate<String> names, String others) {
    StringBuilder header = new StringBuilder(others);
    fields.stream()
        .filter(field -> !names.test(field.name))
        .forEach(field -> header.append(field.octets));
    header.append("\r\n");
    byte[] octets = header.toString().getBytes(ISO_8859_1);
    try (Intake intake = mail.intake();
        BlobReader reader = mail.store().blobs().open(message.blob().id())) {
      intake.write(octets, 0, octets.length);
      reader.copy(message.structure().root().bodyStart(), message.blob().size(), intake);
      return intake.finish();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }
}
