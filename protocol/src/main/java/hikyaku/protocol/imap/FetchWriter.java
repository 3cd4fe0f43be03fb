package hikyaku.protocol.imap;

import hikyaku.protocol.imap.ResponseWriter.Target;
import hikyaku.protocol.mime.Envelope;
import hikyaku.protocol.mime.MimePart;
import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One FETCH response, item by item (RFC 9051 §7.5.2). Literals are passed through and never whole
 * in memory.
 */
public final class FetchWriter {
  private final Target target;
  private final WireText text;
  private final boolean utf8;
  private boolean first = true;

  FetchWriter(Target target, WireText text, boolean utf8) {
    this.target = target;
    this.text = text;
    this.utf8 = utf8;
  }

  /** Octets that can be written when they are wanted. */
  @FunctionalInterface
  public interface Content {
    void writeTo(OctetSink sink) throws IOException;
  }

  private void item(String name) {
    if (!first) {
      text.raw(' ');
    }
    first = false;
    text.raw(name);
  }

  public FetchWriter uid(long uid) {
    item("UID ");
    text.number(uid);
    return this;
  }

  public FetchWriter modSeq(long modSeq) {
    item("MODSEQ (");
    text.number(modSeq).raw(')');
    return this;
  }

  /** Flags as {@code \Seen} or keyword. */
  public FetchWriter flags(List<String> flags) {
    return flags(new FlagList(flags));
  }

  public FetchWriter flags(FlagList flags) {
    item("FLAGS ");
    text.raw(flags.wire());
    return this;
  }

  public FetchWriter internalDate(OffsetDateTime date) {
    item("INTERNALDATE ");
    text.raw(Dates.format(date));
    return this;
  }

  /** When the message came into its mailbox (RFC 8514). */
  public FetchWriter saveDate(OffsetDateTime date) {
    item("SAVEDATE ");
    text.raw(Dates.format(date));
    return this;
  }

  /** RFC 8474 §5.1. */
  public FetchWriter emailId(String id) {
    item("EMAILID (");
    text.raw(id).raw(')');
    return this;
  }

  /**
   * RFC 8474 §5.2.
   *
   * @param id null if the message belongs to no thread
   */
  public FetchWriter threadId(@Nullable String id) {
    item("THREADID ");
    text.raw(id == null ? "NIL" : "(" + id + ")");
    return this;
  }

  /**
   * RFC 8970.
   *
   * @param preview Unicode; empty if nothing can be shown
   */
  public FetchWriter preview(String preview) throws IOException {
    item("PREVIEW ");
    text.showTo(target);
    text.string(Text.octets(preview), utf8);
    text.passTo(target);
    return this;
  }

  public FetchWriter size(long octets) {
    item("RFC822.SIZE ");
    text.number(octets);
    return this;
  }

  public FetchWriter envelope(Envelope envelope) throws IOException {
    item("ENVELOPE ");
    text.showTo(target);
    new StructureText(text, utf8).envelope(envelope);
    text.passTo(target);
    return this;
  }

  /**
   * BODYSTRUCTURE, or BODY without extension data.
   *
   * @param root the message
   */
  public FetchWriter structure(MimePart root, boolean extended) throws IOException {
    item(extended ? "BODYSTRUCTURE " : "BODY ");
    text.showTo(target);
    new StructureText(text, utf8).body(root, extended);
    text.passTo(target);
    return this;
  }

  /**
   * What a FETCH of octets is answered under: {@code BODY[1.MIME]<0>} and the like.
   *
   * @throws IllegalArgumentException if the item is not answered with octets
   */
  private void octetItem(FetchItem asked) {
    switch (asked) {
      case FetchItem.BodySection(boolean _, Section section, var partial) -> {
        item("BODY[");
        section(section);
        text.raw(']');
        origin(partial);
      }
      case FetchItem.Binary(boolean _, var part, var partial) -> {
        item("BINARY[");
        text.raw(Section.path(part)).raw(']');
        origin(partial);
      }
      case FetchItem.Plain plain -> item(plain.wire());
      case FetchItem.BinarySize _ -> throw new IllegalArgumentException("no octets");
    }
    text.raw(' ');
  }

  private void section(Section section) {
    text.raw(Section.path(section.part()));
    if (section.kind() != Section.Kind.ALL) {
      text.raw(section.part().isEmpty() ? "" : ".").raw(section.kind().wire());
    }
    if (!section.fields().isEmpty()) {
      String separator = " (";
      for (String field : section.fields()) {
        text.raw(separator).astring(field, utf8);
        separator = " ";
      }
      text.raw(')');
    }
  }

  private void origin(FetchItem.@Nullable Partial partial) {
    if (partial != null) {
      text.raw('<').number(partial.offset()).raw('>');
    }
  }

  /**
   * Octets of a message, as a literal.
   *
   * @param asked what they answer
   * @param length of the content
   * @throws IllegalStateException if the content had another length: the connection is then out of
   *     step and must end
   */
  public FetchWriter octets(FetchItem asked, long length, Content content) throws IOException {
    return literal(asked, "{", length, content);
  }

  /** Octets that hold NUL, as a literal8: without it they are a literal (RFC 3516 §4.3). */
  public FetchWriter binary(FetchItem.Binary asked, long length, Content content)
      throws IOException {
    return literal(asked, "~{", length, content);
  }

  private FetchWriter literal(FetchItem asked, String opening, long length, Content content)
      throws IOException {
    octetItem(asked);
    text.raw(opening).number(length).raw("}\r\n").showTo(target);
    long[] left = {length};
    content.writeTo((octets, offset, count) -> {
      left[0] -= count;
      if (left[0] < 0) {
        throw new IllegalStateException("content longer than announced");
      }
      target.write(octets, offset, count);
    });
    if (left[0] != 0) {
      throw new IllegalStateException("content shorter than announced");
    }
    return this;
  }

  /** Says that the message has no such part. */
  public FetchWriter nil(FetchItem asked) {
    octetItem(asked);
    text.raw("NIL");
    return this;
  }

  public FetchWriter binarySize(FetchItem.BinarySize asked, long octets) {
    item("BINARY.SIZE[");
    text.raw(Section.path(asked.part())).raw("] ").number(octets);
    return this;
  }

  /** Ends the response. */
  public void end() throws IOException {
    text.raw(")\r\n").showTo(target);
  }
}
