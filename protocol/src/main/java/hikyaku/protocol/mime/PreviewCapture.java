package hikyaku.protocol.mime;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/**
 * Holds the beginning of the part that a preview is made of (RFC 8970): the first text part that
 * has any text and is no attachment; plain text rather than its HTML alternative, and text of the
 * message rather than of one inside it.
 */
final class PreviewCapture {
  private final MimeLimits limits;
  private final OctetBuffer octets;
  private @Nullable PartBuilder captured;
  private boolean capturedNested;
  private String text = "";
  private boolean textIsHtml;
  private boolean textIsNested;

  PreviewCapture(MimeLimits limits) {
    this.limits = limits;
    octets = new OctetBuffer(limits.previewOctets());
  }

  /** A part's body begins. */
  void start(PartBuilder part, boolean nested, boolean alternative) {
    boolean plain = part.isMultipart() || isPlain(part);
    boolean readable = plain || isHtml(part);
    if (!readable || (part.disposition != null && part.disposition.equals("attachment"))) {
      return;
    }
    boolean better =
        text.isEmpty()
            || (textIsNested && !nested)
            || (textIsHtml && plain && alternative && textIsNested == nested);
    if (better) {
      captured = part;
      capturedNested = nested;
      octets.clear();
    }
  }

  /** Text that people can read as it stands, unlike text/calendar and its kin. */
  private static boolean isPlain(PartBuilder part) {
    return part.type.equals("text")
        && switch (part.subtype) {
          case "plain", "markdown", "enriched", "richtext" -> true;
          default -> false;
        };
  }

  private static boolean isHtml(PartBuilder part) {
    return part.type.equals("text") && part.subtype.equals("html");
  }

  void append(byte[] from, int start, int end) {
    if (captured != null) {
      octets.append(from, start, end);
    }
  }

  /** A part's body has ended. */
  void finish(PartBuilder part, long bodyLength) {
    if (captured != part) {
      return;
    }
    captured = null;
    String preview = preview(part, (int) Math.min(octets.size(), bodyLength));
    if (!preview.isEmpty()) {
      text = preview;
      textIsHtml = isHtml(part);
      textIsNested = capturedNested;
    }
  }

  String text() {
    return text;
  }

  private String preview(PartBuilder part, int length) {
    ByteArrayOutputStream decoded = new ByteArrayOutputStream(length);
    TransferDecoder decoder = TransferDecoder.of(part.encoding, decoded::write);
    try {
      decoder.write(octets.array(), 0, length);
      decoder.finish();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    String declared = new ContentField("", part.parameters).parameter("charset");
    Charset charset = Charsets.lookup(declared).orElse(Charsets.UNDECLARED);
    String readable = Charsets.decodeBeginning(decoded.toByteArray(), decoded.size(), charset);
    return collapse(isHtml(part) ? HtmlText.of(readable) : readable);
  }

  /** White space and controls become single spaces, and the rest is cut to the limit. */
  private String collapse(String readable) {
    StringBuilder collapsed = new StringBuilder();
    int characters = 0;
    boolean space = false;
    int at = 0;
    while (at < readable.length() && characters < limits.previewCharacters()) {
      int next = readable.codePointAt(at);
      at += Character.charCount(next);
      if (Character.isWhitespace(next)
          || Character.isSpaceChar(next)
          || Character.isISOControl(next)
          || next == 0xfeff
          || next == 0x200b
          || next == 0x200c) {
        space = true;
        continue;
      }
      if (space && characters > 0) {
        if (characters + 1 >= limits.previewCharacters()) {
          break;
        }
        collapsed.append(' ');
        characters++;
      }
      space = false;
      boolean lone = next >= Character.MIN_SURROGATE && next <= Character.MAX_SURROGATE;
      collapsed.appendCodePoint(lone ? 0xfffd : next);
      characters++;
    }
    return collapsed.toString();
  }
}
