package hikyaku.protocol.mime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * The fields of a header block in their order. The block is read up to its empty line, or to its
 * end if there is none. A line that is no field makes a field without a name, so that every octet
 * up to the empty line belongs to exactly one field.
 *
 * <p>The block is in memory; {@link HeaderFieldFilter} takes headers of any size.
 */
public final class HeaderFields implements Iterable<HeaderField> {
  private final byte[] block;
  private final List<HeaderField> fields;

  private HeaderFields(byte[] block, List<HeaderField> fields) {
    this.block = block;
    this.fields = List.copyOf(fields);
  }

  /** Reads a header block, which is not to be changed afterwards. */
  public static HeaderFields of(byte[] block) {
    Reader reader = new Reader(block);
    LineSplitter splitter = new LineSplitter(reader);
    try {
      splitter.write(block, 0, block.length);
      splitter.finish();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    reader.endField();
    return new HeaderFields(block, reader.fields);
  }

  @Override
  public Iterator<HeaderField> iterator() {
    return fields.iterator();
  }

  /** All fields in their order. */
  public List<HeaderField> all() {
    return fields;
  }

  /** The fields of one name in their order; case does not count. */
  public List<HeaderField> named(String name) {
    return fields.stream().filter(field -> field.is(name)).toList();
  }

  /** The first field of a name. */
  public Optional<HeaderField> first(String name) {
    return fields.stream().filter(field -> field.is(name)).findFirst();
  }

  /** The octets of a field as they stand in the block, with name, folding and last line ending. */
  public byte[] octets(HeaderField field) {
    return Arrays.copyOfRange(block, field.start(), field.end());
  }

  private static final class Reader implements LineSplitter.Lines {
    private final byte[] block;
    private final List<HeaderField> fields = new ArrayList<>();
    private final OctetBuffer line;
    private final StringBuilder value = new StringBuilder();
    private int position;
    private int lineStart;
    private boolean ended;
    private boolean open;
    private String name = "";
    private int fieldStart;
    private int valueStart;
    private int fieldEnd;

    Reader(byte[] block) {
      this.block = block;
      line = new OctetBuffer(Math.max(1, block.length));
    }

    @Override
    public void content(byte[] octets, int from, int to) {
      position += to - from;
      if (!ended) {
        line.append(octets, from, to);
      }
    }

    @Override
    public void end(byte[] ending) {
      position += ending.length;
      if (!ended) {
        line();
      }
      line.clear();
      lineStart = position;
    }

    private void line() {
      int size = line.size();
      if (size == 0) {
        ended = true;
        return;
      }
      if (open && HeaderLine.isContinuation(line.array(), size)) {
        value.append(line.text(0));
        fieldEnd = position;
        return;
      }
      endField();
      int length = Math.max(0, HeaderLine.nameLength(line.array(), size));
      name = new String(block, lineStart, length, StandardCharsets.ISO_8859_1);
      int colon = length;
      while (length > 0 && line.at(colon) != ':') {
        colon++;
      }
      int valueOffset = length > 0 ? colon + 1 : 0;
      open = true;
      fieldStart = lineStart;
      valueStart = lineStart + valueOffset;
      fieldEnd = position;
      value.append(line.text(valueOffset));
    }

    void endField() {
      if (open) {
        fields.add(
            new HeaderField(name, fieldStart, valueStart, fieldEnd, value.toString().strip()));
        value.setLength(0);
        open = false;
      }
    }
  }
}
