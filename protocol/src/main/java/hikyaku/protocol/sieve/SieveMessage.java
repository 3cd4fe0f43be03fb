package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.mime.MessageOctets;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.MimePart;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A message as a script sees it: the header with the trace fields of this delivery before it, the
 * body, and the envelope. Used by one thread.
 */
public final class SieveMessage {
  /** Fields that are never taken away (RFC 5293 §6). */
  private static final List<String> PROTECTED = List.of("received", "auto-submitted");

  /** Characters of a line of a field that is added, where it can be folded (RFC 5322 §2.1.1). */
  private static final int FOLDED = 76;

  private static final int LONGEST_LINE = 998;

  /** The fields of this delivery, which stand before the message. */
  private final List<HeaderField> trace;

  private final List<Line> lines = new ArrayList<>();
  private final boolean whole;
  private byte @Nullable [] edited;
  private final long added;
  private final MessageStructure structure;
  private final Parts parts;
  private final String from;
  private final String to;

  /**
   * @param prefix fields that are put before the message at delivery
   * @param octets of the message, without the prefix
   * @param from the reverse-path of the envelope; empty for none
   * @param to the recipient that led here
   */
  public SieveMessage(
      byte[] prefix,
      MessageStructure structure,
      MessageOctets octets,
      String from,
      String to,
      SieveLimits limits)
      throws IOException {
    this.added = prefix.length;
    this.structure = structure;
    this.from = from;
    this.to = to;
    this.trace = HeaderFields.of(prefix).all();
    MimePart root = structure.root();
    this.whole =
        root.bodyStart() > root.headerStart()
            && root.bodyStart() - root.headerStart() <= limits.headerOctets();
    this.parts = new Parts(structure, octets, limits);
    HeaderFields own =
        HeaderFields.of(
            parts.read(octets, root.headerStart(), root.bodyStart(), limits.headerOctets()));
    own.all().forEach(field -> lines.add(new Line(field, own.octets(field))));
  }

  /**
   * A field of the message itself.
   *
   * @param octets as they stand in the header, its last line ending too
   */
  private record Line(HeaderField field, byte[] octets) {}

  // ---- editing (RFC 5293)

  static boolean isFieldName(String name) {
    return !name.isEmpty()
        && name.length() <= 100
        && name.chars().allMatch(c -> c > ' ' && c < 127 && c != ':');
  }

  /** Whether the header can be edited: there is one, and all of it is known. */
  boolean isEditable() {
    return whole;
  }

  /**
   * Adds a field, behind those of this delivery or at the end.
   *
   * @param value without control characters
   * @return whether it fits into a field
   */
  boolean add(String name, String value, boolean last) {
    String written = name + ": " + EncodedWords.encode(value);
    StringBuilder folded = new StringBuilder();
    int line = 0;
    for (String word : written.split("(?= )", -1)) {
      boolean full = line > 0 && line + word.length() > FOLDED && !word.isBlank();
      // The name has a word behind it in its line: a line of blanks alone is none (RFC 5322
      // §3.2.2).
      if (full && folded.length() > name.length() + 1) {
        folded.append("\r\n");
        line = 0;
      }
      folded.append(word);
      line += word.length();
      if (line > LONGEST_LINE) {
        return false;
      }
    }
    byte[] octets = folded.append("\r\n").toString().getBytes(ISO_8859_1);
    Line added = new Line(HeaderFields.of(octets).all().getFirst(), octets);
    lines.add(last ? lines.size() : 0, added);
    rewrite();
    return true;
  }

  /** Whether a field can be taken away: it is none of this delivery, and none that is protected. */
  boolean isRemovable(HeaderField field) {
    return lines.stream().anyMatch(line -> isSame(line.field, field))
        && PROTECTED.stream().noneMatch(field::is);
  }

  void remove(HeaderField field) {
    lines.removeIf(line -> isSame(line.field, field));
    rewrite();
  }

  /** Two fields that are added may be equal, and yet are two. */
  @SuppressWarnings("ReferenceEquality")
  private static boolean isSame(HeaderField one, HeaderField other) {
    return one == other;
  }

  private void rewrite() {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    lines.forEach(line -> header.writeBytes(line.octets));
    header.writeBytes(new byte[] {'\r', '\n'});
    edited = header.toByteArray();
  }

  /** The header as it was edited, with the empty line behind it; nothing if it was not. */
  Optional<byte[]> edited() {
    return Optional.ofNullable(edited);
  }

  // ---- reading

  /** Octets, those of the prefix too. */
  long size() {
    return added + structure.size();
  }

  String from() {
    return from;
  }

  String to() {
    return to;
  }

  /** The fields of a name in order; case does not count. */
  List<HeaderField> fields(String name) {
    return Stream.concat(trace.stream(), lines.stream().map(Line::field))
        .filter(field -> field.is(name))
        .toList();
  }

  /** The first field of a name as people read it; empty if there is none. */
  String text(String name) {
    return fields(name).stream().findFirst().map(field -> field.decoded().strip()).orElse("");
  }

  /** The message in its parts. */
  Parts parts() {
    return parts;
  }
}
