package hikyaku.protocol.mime;

import static java.nio.charset.StandardCharsets.US_ASCII;

import hikyaku.protocol.wire.OctetSink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A message of 8-bit or binary content, in the form that passes where only lines of 7-bit
 * characters do (RFC 6152 §3, RFC 3030 §4): what is not of this form in a part is encoded, text as
 * quoted-printable and the rest as base64 (RFC 2045 §6), and the encodings of what is around it say
 * 7bit. Each part that is converted decodes to the octets that it had; every other octet stays.
 *
 * <p>Or one whose NULs alone are in the way ({@link Form#TEXT}): then only parts that hold NUL are
 * encoded, and whatever else there is stays as it is.
 *
 * <p>Refused is what cannot be converted, or not without harm:
 *
 * <ul>
 *   <li>what stands inside a multipart/signed, whose signature covers it as it is (RFC 1847 §2.1),
 *   <li>header fields beyond ASCII (RFC 6532), as they have no other form,
 *   <li>parts that may not be encoded: message/partial and other messages that are none of RFC 822
 *       (RFC 2046 §5.2), and those under encodings that are not known,
 *   <li>lines outside of parts that do not end with CRLF (a binary message may have them),
 *   <li>messages of which not all parts were seen ({@link MimeLimits}), or with a header too long.
 * </ul>
 *
 * <p>Reads the message several times and holds no more of it than a header.
 */
public final class SevenBit {
  /** The longest line of mail, without its ending (RFC 5322 §2.1.1). */
  private static final int LONGEST_LINE = 998;

  /** Octets of one header, which is held. */
  private static final int LONGEST_HEADER = 256 * 1024;

  private static final byte[] CRLF = {'\r', '\n'};

  /** What the message is to be without. */
  public enum Form {
    /** Of lines of 7-bit characters alone. */
    LINES,
    /** Of any octets but NUL, as literals of IMAP are (RFC 9051 §4.3, RFC 3516 §6). */
    TEXT
  }

  /** The octets of a message, the same each time. */
  @FunctionalInterface
  public interface Source {
    void copyTo(OctetSink sink) throws IOException;
  }

  /** Why a message cannot be converted. */
  public enum Hindrance {
    SIGNED("it is signed as it is"),
    HEADER("header fields beyond ASCII have no other form"),
    PART("a part of it may not be encoded"),
    LINES("lines outside of its parts do not end as lines do"),
    NUL("NUL stands outside of its parts"),
    UNSEEN("it has too many parts, or a header that is too long");

    private final String reason;

    Hindrance(String reason) {
      this.reason = reason;
    }

    /** For people, as the end of a sentence. */
    public String reason() {
      return reason;
    }

    /** Whether it is the header that hinders (RFC 6531 §3.5, X.6.9), and not the content. */
    public boolean isHeader() {
      return this == HEADER;
    }
  }

  /** What becomes of a region of the message. */
  private enum Way {
    /** It stays. */
    KEEP,
    /** A header whose encoding changes. */
    HEADER,
    QUOTED_PRINTABLE,
    BASE64,
    /** Text that nobody is to read (RFC 2046 §5.1.1), without what is beyond ASCII. */
    BLUR
  }

  /**
   * A region of the message, up to the start of the next one.
   *
   * @param encoding that a header is to tell, or that a body has
   * @param message whether a header is that of a message, the whole one or one in it
   */
  private record Region(long start, Way way, String encoding, boolean message) {}

  private final Source source;
  private final List<Region> regions;
  private final @Nullable Hindrance hindrance;
  private final boolean utf8Header;

  private SevenBit(
      Source source, List<Region> regions, @Nullable Hindrance hindrance, boolean utf8Header) {
    this.source = source;
    this.regions = regions;
    this.hindrance = hindrance;
    this.utf8Header = utf8Header;
  }

  /** Looks at a message and says how it is to be converted to lines of 7-bit characters. */
  public static SevenBit of(Source source) throws IOException {
    return of(source, Form.LINES);
  }

  /** Looks at a message and says how it is to be converted. */
  public static SevenBit of(Source source, Form form) throws IOException {
    MimeParser parser = new MimeParser();
    source.copyTo(parser);
    MessageStructure structure = parser.finish();
    if (structure.limitReached()) {
      return new SevenBit(source, List.of(), Hindrance.UNSEEN, true);
    }
    List<Piece> pieces = new ArrayList<>();
    pieces(structure.root(), true, false, pieces);
    Inspection inspection = new Inspection(pieces);
    source.copyTo(inspection);
    inspection.end();
    return planned(source, pieces, form);
  }

  /** Why it cannot be converted, if it cannot. */
  public Optional<Hindrance> hindrance() {
    return Optional.ofNullable(hindrance);
  }

  /**
   * Whether there may be a header beyond ASCII in it as it is, which only SMTPUTF8 lets pass: its
   * own, or one at any level of its structure (RFC 6531 §3.2).
   */
  public boolean hasUtf8Header() {
    return utf8Header;
  }

  /** Writes the message as it is after the conversion, which nothing must hinder. */
  public void copyTo(OctetSink sink) throws IOException {
    if (hindrance != null) {
      throw new IllegalStateException("not to be converted: " + hindrance.reason);
    }
    Conversion conversion = new Conversion(sink);
    source.copyTo(conversion);
    conversion.end();
  }

  // ---- what there is

  private enum Kind {
    HEADER,
    /** What is before, between and behind the parts of a multipart. */
    AROUND,
    LEAF
  }

  /** A region, and what was seen in it. */
  private static final class Piece {
    final long start;
    final Kind kind;
    final MimePart part;
    final boolean message;
    final boolean signed;
    boolean beyondAscii;

    /** NUL, or CR or LF alone. */
    boolean binary;

    boolean longLine;
    boolean nul;

    Piece(long start, Kind kind, MimePart part, boolean message, boolean signed) {
      this.start = start;
      this.kind = kind;
      this.part = part;
      this.message = message;
      this.signed = signed;
    }
  }

  /** In the order of the message, each up to the next. */
  private static void pieces(MimePart part, boolean message, boolean signed, List<Piece> pieces) {
    pieces.add(new Piece(part.headerStart(), Kind.HEADER, part, message, signed));
    if (isLeaf(part)) {
      pieces.add(new Piece(part.bodyStart(), Kind.LEAF, part, message, signed));
      return;
    }
    boolean inside = signed || (part.isMultipart() && part.subtype().equals("signed"));
    pieces.add(new Piece(part.bodyStart(), Kind.AROUND, part, message, inside));
    for (MimePart child : part.children()) {
      pieces(child, part.isMessage(), inside, pieces);
      pieces.add(new Piece(child.bodyEnd(), Kind.AROUND, part, message, inside));
    }
  }

  /** What is encoded whole, if it is: also a message in UTF-8 (RFC 6532 §3.7). */
  private static boolean isLeaf(MimePart part) {
    boolean opaque = !isIdentity(part.encoding());
    return part.children().isEmpty() || opaque || isGlobal(part) || isUndivided(part);
  }

  private static boolean isGlobal(MimePart part) {
    return part.type().equals("message") && part.subtype().startsWith("global");
  }

  /** A multipart in which no part was found: its one child has no header to tell an encoding. */
  private static boolean isUndivided(MimePart part) {
    return part.children().size() == 1
        && part.children().getFirst().headerStart() == part.bodyStart()
        && part.children().getFirst().bodyEnd() == part.bodyEnd()
        && part.isMultipart();
  }

  private static boolean isIdentity(String encoding) {
    return encoding.equals("7bit") || encoding.equals("8bit") || encoding.equals("binary");
  }

  /** Sees what is in each region. */
  private static final class Inspection implements OctetSink {
    private final List<Piece> pieces;
    private int next;
    private long position;
    private @Nullable Piece at;
    private int line;
    private byte before;

    Inspection(List<Piece> pieces) {
      this.pieces = pieces;
    }

    @Override
    public void write(byte[] octets, int offset, int length) {
      for (int i = offset; i < offset + length; i++) {
        while (next < pieces.size() && pieces.get(next).start <= position) {
          ended();
          at = pieces.get(next++);
          line = 0;
          before = 0;
        }
        look(octets[i]);
        position++;
      }
    }

    private void look(byte octet) {
      Piece piece = at;
      if (piece == null) {
        return;
      }
      piece.beyondAscii |= octet < 0;
      piece.nul |= octet == 0;
      boolean bareLf = octet == '\n' && before != '\r';
      boolean bareCr = octet != '\n' && before == '\r';
      line = octet == '\n' || octet == '\r' ? 0 : line + 1;
      piece.binary |= octet == 0 || bareLf || bareCr;
      piece.longLine |= line > LONGEST_LINE;
      before = octet;
    }

    private void ended() {
      if (at != null && before == '\r') {
        at.binary = true;
      }
    }

    void end() {
      ended();
    }
  }

  // ---- what becomes of it

  private static SevenBit planned(Source source, List<Piece> pieces, Form form) {
    List<Region> regions = new ArrayList<>();
    Hindrance hindrance = null;
    for (int i = 0; i < pieces.size(); i++) {
      Piece piece = pieces.get(i);
      // Of a part, its header and its body follow one another.
      Piece next = i + 1 < pieces.size() ? pieces.get(i + 1) : piece;
      if (hindrance == null) {
        hindrance = hindrance(piece, next, form);
      }
      regions.add(region(piece, next, form));
    }
    boolean utf8Header = pieces.stream().anyMatch(SevenBit::isUtf8Header);
    return new SevenBit(source, List.copyOf(regions), hindrance, utf8Header);
  }

  /** A message in UTF-8 has its header within what is a leaf here (RFC 6532 §3.7). */
  private static boolean isUtf8Header(Piece piece) {
    boolean header =
        piece.kind == Kind.HEADER
            || (piece.kind == Kind.LEAF
                && isGlobal(piece.part)
                && isIdentity(piece.part.encoding()));
    return header && piece.beyondAscii;
  }

  /** Whether the octets of a leaf are not of the form that passes. */
  private static boolean isUnfit(Piece leaf, Form form) {
    return form == Form.TEXT ? leaf.nul : isUnfitForLines(leaf);
  }

  private static boolean isUnfitForLines(Piece leaf) {
    return leaf.beyondAscii || leaf.binary || (leaf.longLine && !leaf.signed);
  }

  private static @Nullable Hindrance hindrance(Piece piece, Piece next, Form form) {
    if (form == Form.TEXT && piece.kind != Kind.LEAF) {
      return piece.nul ? Hindrance.NUL : hindranceToChange(piece, next);
    }
    return switch (piece.kind) {
      case HEADER ->
          piece.beyondAscii
              ? Hindrance.HEADER
              : piece.binary
                  ? Hindrance.LINES
                  : next.start - piece.start > LONGEST_HEADER ? Hindrance.UNSEEN : null;
      case AROUND ->
          piece.binary
              ? Hindrance.LINES
              : piece.beyondAscii && piece.signed ? Hindrance.SIGNED : null;
      case LEAF ->
          !isUnfit(piece, form)
              ? null
              : piece.signed ? Hindrance.SIGNED : way(piece) == Way.KEEP ? Hindrance.PART : null;
    };
  }

  /** Why a header that holds no NUL cannot tell another encoding, if it is to tell one. */
  private static @Nullable Hindrance hindranceToChange(Piece piece, Piece next) {
    if (piece.kind != Kind.HEADER || told(next, Form.TEXT).isEmpty()) {
      return null;
    }
    return piece.binary
        ? Hindrance.LINES
        : next.start - piece.start > LONGEST_HEADER ? Hindrance.UNSEEN : null;
  }

  private static Region region(Piece piece, Piece next, Form form) {
    return switch (piece.kind) {
      case HEADER -> {
        String encoding = piece.signed ? "" : told(next, form);
        Way way = encoding.isEmpty() ? Way.KEEP : Way.HEADER;
        yield new Region(piece.start, way, encoding, piece.message);
      }
      case AROUND -> {
        Way way = piece.beyondAscii && form == Form.LINES ? Way.BLUR : Way.KEEP;
        yield new Region(piece.start, way, "", piece.message);
      }
      case LEAF -> {
        Way way = isUnfit(piece, form) ? way(piece) : Way.KEEP;
        yield new Region(piece.start, way, piece.part.encoding(), piece.message);
      }
    };
  }

  /** The encoding that a header is to tell of the body behind it; empty if it tells the right. */
  private static String told(Piece body, Form form) {
    String before = body.part.encoding();
    String after =
        body.kind == Kind.LEAF && isUnfit(body, form)
            ? switch (way(body)) {
              case QUOTED_PRINTABLE -> "quoted-printable";
              case BASE64 -> "base64";
              case KEEP, HEADER, BLUR -> before;
            }
            : form == Form.LINES && (before.equals("8bit") || before.equals("binary"))
                ? "7bit"
                : before;
    return after.equals(before) ? "" : after;
  }

  /** How a leaf is encoded; {@link Way#KEEP} if it may not be. */
  private static Way way(Piece leaf) {
    MimePart part = leaf.part;
    if (part.encoding().equals("quoted-printable")) {
      return Way.QUOTED_PRINTABLE;
    }
    if (part.encoding().equals("base64")) {
      return Way.BASE64;
    }
    boolean rigid = part.type().equals("message") && !isGlobal(part) && part.typeDeclared();
    if (!isIdentity(part.encoding()) || rigid || part.isMultipart()) {
      return Way.KEEP;
    }
    return part.isText() ? Way.QUOTED_PRINTABLE : Way.BASE64;
  }

  // ---- doing it

  private final class Conversion implements OctetSink {
    private final OctetSink out;
    private int next;
    private long position;
    private Stage stage;

    Conversion(OctetSink out) {
      this.out = out;
      this.stage = new Through(out);
    }

    @Override
    public void write(byte[] octets, int offset, int length) throws IOException {
      int at = offset;
      int end = offset + length;
      while (at < end) {
        while (next < regions.size() && regions.get(next).start <= position) {
          stage.end();
          stage = stage(regions.get(next++));
        }
        long left = next < regions.size() ? regions.get(next).start - position : Long.MAX_VALUE;
        int some = (int) Math.min(left, end - at);
        stage.write(octets, at, some);
        at += some;
        position += some;
      }
    }

    private Stage stage(Region region) {
      return switch (region.way) {
        case KEEP -> new Through(out);
        case HEADER -> new Fields(out, region.encoding, region.message);
        case QUOTED_PRINTABLE -> decoding(region.encoding, new QuotedPrintableEncoder(out));
        case BASE64 -> decoding(region.encoding, new Base64Encoder(out));
        case BLUR -> new Blur(out);
      };
    }

    /** A header at the message's end has a body, if an empty one, that never begins. */
    void end() throws IOException {
      stage.end();
    }
  }

  private static Stage decoding(String encoding, Stage encoder) {
    if (isIdentity(encoding)) {
      return encoder;
    }
    TransferDecoder decoder = TransferDecoder.of(encoding, encoder);
    return new Stage() {
      @Override
      public void write(byte[] octets, int offset, int length) throws IOException {
        decoder.write(octets, offset, length);
      }

      @Override
      public void end() throws IOException {
        decoder.finish();
        encoder.end();
      }
    };
  }

  private record Through(OctetSink out) implements Stage {
    @Override
    public void write(byte[] octets, int offset, int length) throws IOException {
      out.write(octets, offset, length);
    }

    @Override
    public void end() {}
  }

  private record Blur(OctetSink out) implements Stage {
    @Override
    public void write(byte[] octets, int offset, int length) throws IOException {
      byte[] blurred = new byte[length];
      for (int i = 0; i < length; i++) {
        byte octet = octets[offset + i];
        blurred[i] = octet < 0 ? (byte) '?' : octet;
      }
      out.write(blurred, 0, length);
    }

    @Override
    public void end() {}
  }

  /** A header, which is held, as what it says decides where in it something changes. */
  private static final class Fields implements Stage {
    private final OctetSink out;
    private final String encoding;
    private final boolean message;
    private final ByteArrayOutputStream held = new ByteArrayOutputStream();

    Fields(OctetSink out, String encoding, boolean message) {
      this.out = out;
      this.encoding = encoding;
      this.message = message;
    }

    @Override
    public void write(byte[] octets, int offset, int length) {
      held.write(octets, offset, length);
    }

    @Override
    public void end() throws IOException {
      byte[] block = held.toByteArray();
      HeaderFields fields = HeaderFields.of(block);
      ByteArrayOutputStream header = new ByteArrayOutputStream();
      int end = 0;
      for (HeaderField field : fields) {
        end = field.end();
        if (!field.is("Content-Transfer-Encoding")) {
          header.writeBytes(fields.octets(field));
        }
      }
      if (header.size() > 0 && !endsLine(header.toByteArray())) {
        header.writeBytes(CRLF);
      }
      StringBuilder added = new StringBuilder();
      if (message && fields.first("MIME-Version").isEmpty()) {
        added.append("MIME-Version: 1.0\r\n");
        if (fields.first("Content-Type").isEmpty()) {
          // RFC 1428 §3: what it is nobody has said.
          added.append("Content-Type: text/plain; charset=unknown-8bit\r\n");
        }
      }
      added.append("Content-Transfer-Encoding: ").append(encoding).append("\r\n");
      header.writeBytes(added.toString().getBytes(US_ASCII));
      if (end == block.length) {
        header.writeBytes(CRLF); // there was no empty line
      } else {
        header.write(block, end, block.length - end);
      }
      byte[] octets = header.toByteArray();
      out.write(octets, 0, octets.length);
    }

    private static boolean endsLine(byte[] octets) {
      return octets[octets.length - 1] == '\n';
    }
  }
}
