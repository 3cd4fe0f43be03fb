package hikyaku.server.origin;

import hikyaku.protocol.mime.FieldRemover;
import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.wire.OctetSink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Holds the header of a message until all of it is there and can be looked at, then lets it through
 * without some of its fields, and the body as it is. Of a header that is longer than may be held,
 * what goes beyond passes without any {@code Authentication-Results}.
 */
final class HeldHead implements Passage {
  /** Who looks at a message. */
  interface Reader {
    /** One that does not. */
    Reader NONE =
        new Reader() {
          @Override
          public void head(HeaderFields head, boolean complete) {
            // Nobody looks.
          }

          @Override
          public void body(byte[] octets, int offset, int length) {
            // Nobody looks.
          }
        };

    /**
     * @param complete whether this is all of the header; if not, the body is not told
     */
    void head(HeaderFields head, boolean complete);

    void body(byte[] octets, int offset, int length);
  }

  private final OctetSink passed;
  private final int limit;
  private final Predicate<HeaderField> leftOut;
  private final Reader reader;

  private final Block held = new Block();
  private boolean complete;
  private @Nullable FieldRemover beyond;

  /** Its octets can be looked at without a copy. */
  private static final class Block extends ByteArrayOutputStream {
    Block() {
      super(4_096);
    }

    /** Where the body begins: behind the first empty line; -1 if there is none yet. */
    int bodyStart(int from) {
      for (int i = from; i < count; i++) {
        if (buf[i] == '\n' && endsEmptyLine(i)) {
          return i + 1;
        }
      }
      return -1;
    }

    private boolean endsEmptyLine(int i) {
      int before = i > 0 && buf[i - 1] == '\r' ? i - 2 : i - 1;
      return before < 0 || buf[before] == '\n';
    }
  }

  /**
   * @param limit octets that are held
   * @param leftOut fields that do not get through
   */
  HeldHead(OctetSink passed, int limit, Predicate<HeaderField> leftOut, Reader reader) {
    this.passed = passed;
    this.limit = limit;
    this.leftOut = leftOut;
    this.reader = reader;
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    if (beyond != null) {
      beyond.write(octets, offset, length);
    } else if (complete) {
      body(octets, offset, length);
    } else {
      hold(octets, offset, length);
    }
  }

  private void hold(byte[] octets, int offset, int length) throws IOException {
    int before = held.size();
    int most = Math.min(length, limit - before);
    held.write(octets, offset, most);
    int bodyStart = held.bodyStart(before);
    if (bodyStart >= 0) {
      byte[] all = held.toByteArray();
      release(all, bodyStart);
      body(all, bodyStart, all.length - bodyStart);
    } else if (held.size() == limit) {
      overflow();
    } else {
      return;
    }
    held.reset();
    write(octets, offset + most, length - most);
  }

  private void body(byte[] octets, int offset, int length) throws IOException {
    if (length > 0) {
      reader.body(octets, offset, length);
      passed.write(octets, offset, length);
    }
  }

  /** All of the header, and the empty line. */
  private void release(byte[] all, int end) throws IOException {
    complete = true;
    HeaderFields fields = HeaderFields.of(Arrays.copyOf(all, end));
    reader.head(fields, true);
    pass(all, fields.all(), end);
  }

  /** The last field may go on, so that it is for the remover to judge. */
  private void overflow() throws IOException {
    byte[] all = held.toByteArray();
    HeaderFields fields = HeaderFields.of(all);
    List<HeaderField> whole = fields.all().subList(0, Math.max(0, fields.all().size() - 1));
    int cut = whole.isEmpty() ? 0 : whole.getLast().end();
    reader.head(fields, false);
    pass(all, whole, cut);
    FieldRemover remover = new FieldRemover(List.of(ResultsField.NAME), passed, true);
    beyond = remover;
    remover.write(all, cut, all.length - cut);
  }

  private void pass(byte[] all, List<HeaderField> fields, int end) throws IOException {
    int from = 0;
    for (HeaderField field : fields) {
      if (leftOut.test(field)) {
        passed.write(all, from, field.start() - from);
        from = field.end();
      }
    }
    if (end > from) {
      passed.write(all, from, end - from);
    }
  }

  /** A header without an empty line behind it is complete now. */
  @Override
  public void end() throws IOException {
    if (beyond != null) {
      beyond.finish();
    } else if (!complete) {
      byte[] all = held.toByteArray();
      release(all, all.length);
    }
  }
}
