package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

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
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The parts of a message, and what tests and actions read of them. Used by one thread. */
final class Parts {
  private static final int BUFFER = 8 * 1024;

  /** Octets that a character takes at most, with what switches to its set and back. */
  private static final int OCTETS_OF_A_CHARACTER = 8;

  /** What it takes to go to the message at all, in octets. */
  private static final int PLACE = 1_000;

  private final MessageOctets octets;
  private final MessageStructure structure;
  private final SieveLimits limits;
  private Part root;
  private boolean made8bit;
  private int headersLeft;
  private long read;

  Parts(MessageStructure structure, MessageOctets octets, SieveLimits limits) {
    this.octets = octets;
    this.structure = structure;
    this.limits = limits;
    this.headersLeft = limits.headerOctets();
    this.root = Part.of(octets, structure.root());
  }

  /** The message itself. */
  Part root() {
    return root;
  }

  /** Octets that were read since this was last asked, so that they can be paid for. */
  long takeRead() {
    long taken = read;
    read = 0;
    return taken;
  }

  /** The fields of a name in a part's own header, in order; case does not count. */
  List<HeaderField> fields(Part part, String name) throws IOException {
    HeaderFields known = part.read;
    if (known == null) {
      byte[] header = header(part);
      known = HeaderFields.of(header);
      if (header.length <= headersLeft) {
        headersLeft -= header.length;
        part.read = known;
      }
    }
    List<HeaderField> found = known.named(name);
    read += (long) Run.OCTETS_OF_A_STEP * known.all().size();
    found.forEach(field -> read += field.value().length());
    return found;
  }

  private byte[] header(Part part) throws IOException {
    byte[] header = part.header();
    MimePart described = part.described();
    return header != null
        ? header
        : read(
            part.source(), described.headerStart(), described.bodyStart(), limits.headerOctets());
  }

  /** The whole body of a part without anything undone (RFC 5173 §5.1). */
  String rawBody(Part part) throws IOException {
    byte[] raw;
    if (part.isChanged()) {
      Edition.Builder builder = new Edition.Builder();
      part.writeBody(builder);
      Edition body = builder.build(false);
      raw = read(body.octets(octets), 0, body.size(), limits.bodyOctets());
    } else {
      MimePart described = part.described();
      raw = read(part.source(), described.bodyStart(), described.bodyEnd(), limits.bodyOctets());
    }
    return Charsets.decode(raw, Charsets.UNDECLARED);
  }

  /** Octets of a part with its header, as it is now. */
  long size(Part part) {
    Edition.Builder builder = new Edition.Builder();
    part.write(builder);
    return builder.build(false).size();
  }

  /**
   * Whether there is a body, be it an empty one: without the empty line behind the header there is
   * none (RFC 5173 §4).
   */
  boolean hasBody(Part part) throws IOException {
    MimePart whole = part.described();
    if (part.isChanged() || whole.bodyEnd() > whole.bodyStart()) {
      return true;
    }
    long from = Math.max(whole.headerStart(), whole.bodyStart() - "\r\n\r\n".length());
    byte[] end = read(part.source(), from, whole.bodyStart(), limits.bodyOctets());
    String shown = new String(end, ISO_8859_1);
    return shown.endsWith("\n\r\n") || shown.endsWith("\n\n") || shown.equals("\r\n");
  }

  /**
   * The decoded text of a part and those in it, of some types (RFC 5173 §5.2): of a multipart what
   * stands around its parts, of a message in the message its header.
   *
   * @param types {@code text}, {@code text/html}; empty for all
   */
  List<String> content(Part part, List<String> types) throws IOException {
    List<String> found = new ArrayList<>();
    int[] room = {limits.bodyOctets()};
    content(part, types, room, found);
    return found;
  }

  private void content(Part part, List<String> types, int[] room, List<String> found)
      throws IOException {
    MimePart described = part.described();
    if (types.stream().anyMatch(type -> isOf(described, type))) {
      if (described.isMultipart()) {
        MimePart first = described.children().getFirst();
        MimePart last = described.children().getLast();
        found.add(withoutLastLine(plain(part, described.bodyStart(), first.headerStart(), room)));
        found.add(withoutBoundary(plain(part, last.bodyEnd(), described.bodyEnd(), room)));
      } else if (described.isMessage()) {
        byte[] header = header(part.children().getFirst());
        byte[] seen = Arrays.copyOf(header, Math.min(header.length, room[0]));
        room[0] -= seen.length;
        found.add(Charsets.decode(seen, Charsets.UNDECLARED));
      } else {
        byte[] decoded = decoded(part, room[0]).octets;
        room[0] -= decoded.length;
        found.add(Charsets.decode(decoded, charset(described).orElse(Charsets.UNDECLARED)));
      }
    }
    for (Part child : part.children()) {
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

  private String plain(Part part, long from, long to, int[] room) throws IOException {
    byte[] plain = read(part.source(), from, to, room[0]);
    room[0] -= plain.length;
    return Charsets.decode(plain, Charsets.UNDECLARED);
  }

  /**
   * The text of a part as Unicode (RFC 5703 §7): empty if it is in no known encoding or character
   * set or not in order there, and of what has parts itself.
   *
   * @param characters at most
   */
  String text(Part part, int characters) throws IOException {
    MimePart described = part.described();
    Optional<Charset> charset = charset(described);
    if (described.isMultipart()
        || described.isMessage()
        || charset.isEmpty()
        || !TransferDecoder.isKnown(described.encoding())) {
      return "";
    }
    long wanted = Math.min(limits.bodyOctets(), 64L + (long) characters * OCTETS_OF_A_CHARACTER);
    Decoded decoded = decoded(part, (int) wanted);
    if (decoded.damaged) {
      return "";
    }
    CharsetDecoder decoder =
        charset
            .get()
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    CharBuffer text =
        CharBuffer.allocate(
            8 + (int) Math.ceil(decoded.octets.length * (double) decoder.maxCharsPerByte()));
    if (decoder.decode(ByteBuffer.wrap(decoded.octets), text, decoded.whole).isError()) {
      return "";
    }
    if (decoded.whole) {
      decoder.flush(text);
    }
    String all = text.flip().toString();
    return all.codePointCount(0, all.length()) <= characters
        ? all
        : all.substring(0, all.offsetByCodePoints(0, characters));
  }

  /**
   * What the transfer encoding hides.
   *
   * @param whole whether that is all of it
   * @param damaged whether it was not in order so far
   */
  private record Decoded(byte[] octets, boolean whole, boolean damaged) {}

  private Decoded decoded(Part part, int most) throws IOException {
    MimePart described = part.described();
    ByteArrayOutputStream decoded = new ByteArrayOutputStream();
    TransferDecoder decoder = TransferDecoder.of(described.encoding(), decoded::write);
    byte[] buffer = new byte[BUFFER];
    long position = described.bodyStart();
    while (position < described.bodyEnd() && decoded.size() < most) {
      int wanted = (int) Math.min(buffer.length, described.bodyEnd() - position);
      int count = part.source().read(position, buffer, 0, wanted);
      if (count == 0) {
        break;
      }
      decoder.write(buffer, 0, count);
      position += count;
    }
    read += PLACE + position - described.bodyStart();
    boolean end = position >= described.bodyEnd();
    if (end) {
      decoder.finish();
    }
    int taken = Math.min(decoded.size(), most);
    return new Decoded(
        Arrays.copyOf(decoded.toByteArray(), taken),
        end && taken == decoded.size(),
        decoder.isDamaged());
  }

  /** Nothing for a character set that is not known. */
  private static Optional<Charset> charset(MimePart part) {
    String declared = ParameterText.get(part.parameters(), "charset");
    return declared == null ? Optional.of(Charsets.UNDECLARED) : Charsets.lookup(declared);
  }

  // ---- changing (RFC 5703 §5, §6)

  /** Puts an entity in the place of a part. */
  void replace(Part part, byte[] entity) {
    note(entity);
    part.become(entity);
  }

  /**
   * Puts a message around this one.
   *
   * @param frame a message with another one in its second part, which this one replaces
   * @param header of this one, if it is not the one that it came with
   */
  void enclose(byte[] frame, byte @Nullable [] header) {
    note(frame);
    root = Part.around(root, frame, header);
  }

  private void note(byte[] entity) {
    for (byte octet : entity) {
      made8bit |= octet < 0;
    }
  }

  /** How a message must be labelled that has this one in it (RFC 2045 §6.4). */
  String transfer() {
    return structure.hasNul() ? "binary" : structure.has8bit() || made8bit ? "8bit" : "7bit";
  }

  /**
   * The message with another header, or its own.
   *
   * @param header with the empty line behind it
   */
  Edition edition(byte @Nullable [] header) {
    Edition.Builder builder = new Edition.Builder();
    if (header == null) {
      root.writeHeader(builder);
    } else {
      builder.made(header);
    }
    root.writeBody(builder);
    return builder.build(!root.isChanged());
  }

  /** A digest of a message that this one is or was made to (SHA-256). */
  byte[] digest(Edition edition) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    edition.writeTo(octets, digest::update);
    read += PLACE + edition.size();
    return digest.digest();
  }

  byte[] read(MessageOctets source, long from, long to, int most) throws IOException {
    byte[] octets = new byte[(int) Math.max(0, Math.min(to - from, most))];
    int size = 0;
    while (size < octets.length) {
      int count = source.read(from + size, octets, size, octets.length - size);
      if (count == 0) {
        break;
      }
      size += count;
    }
    read += PLACE + size;
    return size == octets.length ? octets : Arrays.copyOf(octets, size);
  }
}
