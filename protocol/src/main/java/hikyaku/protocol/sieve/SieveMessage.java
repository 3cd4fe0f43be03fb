package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.protocol.mime.Charsets;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.mime.MessageOctets;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.MimePart;
import hikyaku.protocol.mime.ParameterText;
import hikyaku.protocol.mime.TransferDecoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
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
  private static final int BUFFER = 8 * 1024;

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
  private final MessageOctets octets;
  private final String from;
  private final String to;
  private final SieveLimits limits;

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
    this.octets = octets;
    this.from = from;
    this.to = to;
    this.limits = limits;
    this.trace = HeaderFields.of(prefix).all();
    MimePart root = structure.root();
    this.whole =
        root.bodyStart() > root.headerStart()
            && root.bodyStart() - root.headerStart() <= limits.headerOctets();
    HeaderFields own =
        HeaderFields.of(read(root.headerStart(), root.bodyStart(), limits.headerOctets()));
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

  /** The whole body as it came (RFC 5173 §5.1). */
  String rawBody() throws IOException {
    byte[] raw = read(structure.root().bodyStart(), structure.size(), limits.bodyOctets());
    return Charsets.decode(raw, Charsets.UNDECLARED);
  }

  /**
   * The decoded text of the parts of some types (RFC 5173 §5.2): of a multipart what stands around
   * its parts, of a message in the message its header.
   *
   * @param types {@code text}, {@code text/html}; empty for all
   */
  List<String> content(List<String> types) throws IOException {
    List<String> found = new ArrayList<>();
    int[] room = {limits.bodyOctets()};
    content(structure.root(), types, room, found);
    return found;
  }

  private void content(MimePart part, List<String> types, int[] room, List<String> found)
      throws IOException {
    if (types.stream().anyMatch(type -> isOf(part, type))) {
      if (part.isMultipart()) {
        MimePart first = part.children().getFirst();
        MimePart last = part.children().getLast();
        found.add(withoutLastLine(plain(part.bodyStart(), first.headerStart(), room)));
        found.add(withoutBoundary(plain(last.bodyEnd(), part.bodyEnd(), room)));
      } else if (part.isMessage()) {
        MimePart inside = part.children().getFirst();
        found.add(plain(inside.headerStart(), inside.bodyStart(), room));
      } else {
        found.add(decoded(part, room));
      }
    }
    for (MimePart child : part.children()) {
      content(child, types, room, found);
    }
  }

  private static boolean isOf(MimePart part, String type) {
    int slash = type.indexOf('/');
    if (type.isEmpty()) {
      return true;
    }
    if (slash == 0 || slash == type.length() - 1 || slash != type.lastIndexOf('/')) {
      return false; // RFC 5173 §5.2: such a type matches nothing
    }
    return slash < 0 ? part.type().equals(type) : (part.type() + "/" + part.subtype()).equals(type);
  }

  /** What stands before the boundary that the text ends with. */
  private static String withoutLastLine(String text) {
    int end = text.lastIndexOf('\n', text.length() - 2);
    return end < 0 ? "" : text.substring(0, end + 1);
  }

  /** What stands behind the boundary that the text begins with, a line ending before it. */
  private static String withoutBoundary(String text) {
    int boundary = text.indexOf("--");
    int end = boundary < 0 ? -1 : text.indexOf('\n', boundary);
    return end < 0 ? "" : text.substring(end + 1);
  }

  private String plain(long from, long to, int[] room) throws IOException {
    byte[] read = read(from, to, room[0]);
    room[0] -= read.length;
    return Charsets.decode(read, Charsets.UNDECLARED);
  }

  private String decoded(MimePart part, int[] room) throws IOException {
    ByteArrayOutputStream decoded = new ByteArrayOutputStream();
    TransferDecoder decoder = TransferDecoder.of(part.encoding(), decoded::write);
    byte[] buffer = new byte[BUFFER];
    long position = part.bodyStart();
    while (position < part.bodyEnd() && decoded.size() < room[0]) {
      int wanted = (int) Math.min(buffer.length, part.bodyEnd() - position);
      int count = octets.read(position, buffer, 0, wanted);
      if (count == 0) {
        break;
      }
      decoder.write(buffer, 0, count);
      position += count;
    }
    decoder.finish();
    int taken = Math.min(decoded.size(), room[0]);
    room[0] -= taken;
    byte[] cut = java.util.Arrays.copyOf(decoded.toByteArray(), taken);
    return Charsets.decode(cut, charset(part));
  }

  private static Charset charset(MimePart part) {
    String declared = ParameterText.get(part.parameters(), "charset");
    return declared == null
        ? Charsets.UNDECLARED
        : Charsets.lookup(declared).orElse(Charsets.UNDECLARED);
  }

  private byte[] read(long from, long to, int most) throws IOException {
    byte[] read = new byte[(int) Math.max(0, Math.min(to - from, most))];
    int size = 0;
    while (size < read.length) {
      int count = octets.read(from + size, read, size, read.length - size);
      if (count == 0) {
        return java.util.Arrays.copyOf(read, size);
      }
      size += count;
    }
    return read;
  }
}
