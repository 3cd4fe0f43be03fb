package hikyaku.protocol.mime;

import hikyaku.protocol.wire.OctetSink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.util.List;

/**
 * Looks for strings in the decoded text of a message: what IMAP's SEARCH TEXT, BODY and HEADER ask
 * (RFC 9051 §6.4.4). A body may be of any size; of it, only a buffer is held.
 *
 * <p>Text parts are decoded from their transfer encoding and character set. Of a message inside the
 * message, the header counts as text of the body. Other parts are searched by their file names
 * only.
 */
public final class MessageText {
  private static final int BUFFER = 8 * 1024;

  private final MessageStructure structure;
  private final MessageOctets octets;
  private final MimeLimits limits;

  /**
   * A message to search.
   *
   * @param limits of them {@code headerOctets} says how much of one header is searched
   */
  public MessageText(MessageStructure structure, MessageOctets octets, MimeLimits limits) {
    this.structure = structure;
    this.octets = octets;
    this.limits = limits;
  }

  /** Where to look. */
  public enum Scope {
    /** Header fields, those of parts too, and the body: SEARCH TEXT. */
    TEXT,
    /** The body without any header field of the message or its parts: SEARCH BODY. */
    BODY
  }

  /**
   * Hands all texts of a scope over, in one pass that ends when no more is needed. Texts of {@link
   * Scope#BODY} are in {@link Scope#TEXT} as well.
   */
  public void search(FoldedSink search, Scope scope) throws IOException {
    searchPart(structure.root(), search, scope);
  }

  /** Whether a field of this name is there whose decoded value holds the string. */
  public boolean headerContains(String name, FoldedText wanted) throws IOException {
    for (HeaderField field : header(structure.root()).named(name)) {
      if (wanted.isIn(field.decoded())) {
        return true;
      }
    }
    return false;
  }

  /** Searches a part and what is in it; no deeper than {@link MimeLimits#depth}. */
  private void searchPart(MimePart part, FoldedSink search, Scope scope) throws IOException {
    if (search.isOver()) {
      return;
    }
    if (scope == Scope.TEXT) {
      searchHeader(part, search);
      String name = ParameterText.fileName(part);
      if (name != null) {
        search.whole(name);
      }
    } else if (part.isMessage()) {
      searchHeader(part.children().getFirst(), search);
    }
    for (MimePart child : part.children()) {
      searchPart(child, search, scope);
    }
    if (part.isText() && !search.isOver()) {
      searchBody(part, search);
    }
  }

  private void searchHeader(MimePart part, FoldedSink search) throws IOException {
    for (HeaderField field : header(part)) {
      search.begin();
      search.text(Charsets.decodeUndeclared(field.name()));
      search.text(": ");
      search.text(field.decoded());
    }
  }

  private HeaderFields header(MimePart part) throws IOException {
    long length = part.bodyStart() - part.headerStart();
    int wanted = (int) Math.min(length, limits.headerOctets());
    ByteArrayOutputStream header = new ByteArrayOutputStream(wanted);
    copy(part.headerStart(), part.headerStart() + wanted, header::write);
    return HeaderFields.of(header.toByteArray());
  }

  private void searchBody(MimePart part, FoldedSink search) throws IOException {
    search.begin();
    BodySearch body = new BodySearch(charset(part.parameters()), search);
    TransferDecoder decoder = TransferDecoder.of(part.encoding(), body);
    byte[] buffer = new byte[BUFFER];
    long position = part.bodyStart();
    while (position < part.bodyEnd() && !search.isOver()) {
      int count = readInto(buffer, position, part.bodyEnd());
      if (count == 0) {
        break;
      }
      decoder.write(buffer, 0, count);
      position += count;
    }
    decoder.finish();
    body.finish();
  }

  private static Charset charset(List<MimeParameter> parameters) {
    String declared = ParameterText.get(parameters, "charset");
    return declared == null
        ? Charsets.UNDECLARED
        : Charsets.lookup(declared).orElse(Charsets.UNDECLARED);
  }

  private void copy(long from, long to, OctetSink sink) throws IOException {
    byte[] buffer = new byte[(int) Math.max(1, Math.min(BUFFER, to - from))];
    long position = from;
    while (position < to) {
      int count = readInto(buffer, position, to);
      if (count == 0) {
        return;
      }
      sink.write(buffer, 0, count);
      position += count;
    }
  }

  private int readInto(byte[] buffer, long position, long end) throws IOException {
    return octets.read(position, buffer, 0, (int) Math.min(buffer.length, end - position));
  }

  /** Decodes characters across the pieces and passes them to the search. */
  private static final class BodySearch implements OctetSink {
    private final CharsetDecoder decoder;
    private final FoldedSink search;
    private final CharBuffer chars = CharBuffer.allocate(4096);
    private ByteBuffer left = ByteBuffer.allocate(64); // of a character not yet complete

    BodySearch(Charset charset, FoldedSink search) {
      decoder = Charsets.decoder(charset);
      this.search = search;
    }

    @Override
    public void write(byte[] octets, int offset, int length) {
      if (search.isOver()) {
        return;
      }
      ByteBuffer in = ByteBuffer.wrap(octets, offset, length);
      if (left.position() > 0) {
        ByteBuffer joined = ByteBuffer.allocate(left.position() + length);
        joined.put(left.flip()).put(in);
        in = joined.flip();
        left.clear();
      }
      decode(in, false);
      if (in.remaining() > left.capacity()) {
        left = ByteBuffer.allocate(in.remaining());
      }
      left.put(in);
    }

    void finish() {
      decode(left.flip(), true);
      while (decoder.flush(chars).isOverflow()) {
        drain();
      }
      drain();
    }

    private void decode(ByteBuffer in, boolean last) {
      CoderResult result;
      do {
        result = decoder.decode(in, chars, last);
        drain();
      } while (result.isOverflow());
    }

    private void drain() {
      search.text(chars.array(), 0, chars.position());
      chars.clear();
    }
  }
}
