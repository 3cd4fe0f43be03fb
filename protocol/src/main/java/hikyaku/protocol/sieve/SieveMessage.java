package hikyaku.protocol.sieve;

import hikyaku.protocol.mime.Charsets;
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

/**
 * A message as a script sees it: the header with the trace fields of this delivery before it, the
 * body, and the envelope. Used by one thread.
 */
public final class SieveMessage {
  private static final int BUFFER = 8 * 1024;

  private final List<HeaderField> header;
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
    List<HeaderField> fields = new ArrayList<>(HeaderFields.of(prefix).all());
    MimePart root = structure.root();
    fields.addAll(
        HeaderFields.of(read(root.headerStart(), root.bodyStart(), limits.headerOctets())).all());
    this.header = List.copyOf(fields);
  }

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
    return header.stream().filter(field -> field.is(name)).toList();
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
