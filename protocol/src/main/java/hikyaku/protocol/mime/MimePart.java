package hikyaku.protocol.mime;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message or one part of it. Offsets count octets from the start of the blob: the header lies in
 * {@code [headerStart, bodyStart)}, its empty line included, and the body in {@code [bodyStart,
 * bodyEnd)}, without the line ending that belongs to the boundary after it (RFC 2046 §5.1.1). A
 * part without any header has {@code headerStart == bodyStart}.
 *
 * <p>A multipart has at least one child: where no part was found in its body, the whole body is its
 * one child, of type text/plain. A message/rfc822 or message/global has exactly one child, the
 * message in it, and that message's envelope. Nothing else has children. Children lie inside the
 * body of their parent, in order and without overlap.
 *
 * <p>Strings hold octets, one per char (ISO-8859-1), and are null where the field is absent.
 *
 * @param lines the line endings inside the body, which is what IMAP calls its lines
 * @param type in lower case; {@code text} where nothing was declared
 * @param subtype in lower case; {@code plain} where nothing was declared
 * @param typeDeclared whether a usable Content-Type field was there; if not, type and subtype are
 *     the defaults of RFC 2045 §5.2 and RFC 2046 §5.1.5
 * @param parameters of the Content-Type field, in order
 * @param contentId with its angle brackets
 * @param encoding the Content-Transfer-Encoding in lower case; {@code 7bit} where none was declared
 * @param disposition in lower case
 * @param dispositionParameters of the Content-Disposition field, in order
 * @param languages the tags of the Content-Language field
 * @param envelope of the message inside, for message/rfc822 and message/global only
 */
public record MimePart(
    long headerStart,
    long bodyStart,
    long bodyEnd,
    long lines,
    String type,
    String subtype,
    boolean typeDeclared,
    List<MimeParameter> parameters,
    @Nullable String contentId,
    @Nullable String description,
    String encoding,
    @Nullable String disposition,
    List<MimeParameter> dispositionParameters,
    List<String> languages,
    @Nullable String location,
    @Nullable String md5,
    @Nullable Envelope envelope,
    List<MimePart> children) {

  public MimePart {
    parameters = List.copyOf(parameters);
    dispositionParameters = List.copyOf(dispositionParameters);
    languages = List.copyOf(languages);
    children = List.copyOf(children);
  }

  /** Octets of the body as transferred: the size BODYSTRUCTURE tells. */
  public long bodySize() {
    return bodyEnd - bodyStart;
  }

  /** True for a multipart; it then has children. */
  public boolean isMultipart() {
    return type.equals("multipart");
  }

  /** True for message/rfc822 and message/global; it then has an envelope and one child. */
  public boolean isMessage() {
    return envelope != null;
  }

  /** True for any text type. */
  public boolean isText() {
    return type.equals("text");
  }
}
