package hikyaku.protocol.mime;

import hikyaku.protocol.mime.HeaderCollector.Field;
import hikyaku.protocol.mime.HeaderCollector.Owner;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A part that is still open: what is known of it so far. */
final class PartBuilder {
  static final String DEFAULT_ENCODING = "7bit";

  private final Budget budget;
  private final Owner owner;
  final HeaderCollector header;
  final long headerStart;
  long bodyStart;

  /** Line endings of the blob up to the body's start. */
  long endingsBefore;

  String type = "text";
  String subtype = "plain";
  private boolean declared;
  List<MimeParameter> parameters = List.of();
  String encoding = DEFAULT_ENCODING;
  @Nullable String disposition;
  private List<MimeParameter> dispositionParameters = List.of();

  /** What parts are divided by, while parts are still looked for in here. */
  byte @Nullable [] boundary;

  final List<MimePart> children = new ArrayList<>();
  @Nullable Envelope nestedEnvelope;

  PartBuilder(Owner owner, long headerStart, Budget budget) {
    this.owner = owner;
    this.budget = budget;
    this.headerStart = headerStart;
    header = new HeaderCollector(owner, budget);
  }

  boolean isMessageRoot() {
    return owner != Owner.PART;
  }

  /** Reads what the header says of the content. A part in a digest is a message by default. */
  void describe(boolean inDigest) {
    header.end();
    String contentType = header.get(Field.CONTENT_TYPE);
    if (contentType != null) {
      describeType(ContentField.parse(contentType, budget));
    }
    if (!declared && inDigest) {
      type = "message";
      subtype = "rfc822";
    }
    String transferEncoding = header.get(Field.CONTENT_TRANSFER_ENCODING);
    if (transferEncoding != null) {
      String token = ContentField.parse(transferEncoding, budget).value();
      encoding = token.isEmpty() ? DEFAULT_ENCODING : token;
    }
    String contentDisposition = header.get(Field.CONTENT_DISPOSITION);
    if (contentDisposition != null) {
      ContentField field = ContentField.parse(contentDisposition, budget);
      // Parameters without a disposition are those of something to be saved (RFC 2183 §2.8).
      disposition = field.value().isEmpty() ? "attachment" : field.value();
      dispositionParameters = field.parameters();
    }
  }

  /** Takes a type; a broken one counts as undeclared (RFC 2045 §5.2), but its parameters stay. */
  private void describeType(ContentField field) {
    parameters = field.parameters();
    int slash = field.value().indexOf('/');
    String first = (slash < 0 ? field.value() : field.value().substring(0, slash)).strip();
    String second = slash < 0 ? "" : field.value().substring(slash + 1).strip();
    if (first.isEmpty() || !isToken(first) || !isToken(second)) {
      return;
    }
    if (second.isEmpty()) {
      switch (first) {
        case "text" -> second = "plain";
        case "multipart" -> second = "mixed";
        case "application", "image", "audio", "video" -> {
          first = "application";
          second = "octet-stream";
        }
        default -> {
          return;
        }
      }
    }
    type = first;
    subtype = second;
    declared = true;
  }

  private static boolean isToken(String text) {
    for (int at = 0; at < text.length(); at++) {
      char next = text.charAt(at);
      if (next <= ' ' || next == 127 || "()<>@,;:\\\"/[]?=".indexOf(next) >= 0) {
        return false;
      }
    }
    return true;
  }

  boolean isMultipart() {
    return type.equals("multipart");
  }

  boolean isMessage() {
    return type.equals("message") && (subtype.equals("rfc822") || subtype.equals("global"));
  }

  boolean isDigest() {
    return isMultipart() && subtype.equals("digest");
  }

  /** The boundary that the header declares; null if there is none, or none to be used. */
  byte @Nullable [] declaredBoundary() {
    String text = new ContentField("", parameters).parameter("boundary");
    if (text.isBlank()) {
      return null;
    }
    if (text.length() > budget.limits().boundaryOctets()) {
      budget.reachLimit();
      return null;
    }
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /**
   * Whether people save it and do not read it along: what is declared an attachment, or is neither
   * text nor shown inside other content. Signatures and the machine's part of a report are neither.
   *
   * @param inReport whether the multipart around it is a multipart/report (RFC 6522)
   */
  boolean isAttachment(boolean inReport) {
    boolean machinery =
        subtype.endsWith("signature")
            || subtype.equals("pgp-encrypted")
            || subtype.equals("delivery-status")
            || subtype.equals("disposition-notification")
            || inReport;
    if (machinery || isMultipart()) {
      return false;
    }
    if (disposition != null && disposition.equals("attachment")) {
      return true;
    }
    boolean inline =
        header.get(Field.CONTENT_ID) != null
            || (disposition != null && disposition.equals("inline"));
    return !type.equals("text") && !inline && owner == Owner.PART;
  }

  MimePart build(long bodyEnd, long lines) {
    Envelope envelope = nestedEnvelope;
    if (isMessage() && envelope == null) {
      envelope = Envelope.EMPTY;
    }
    if ((isMultipart() || isMessage()) && children.isEmpty()) {
      children.add(wholeBody(bodyEnd, lines));
    }
    return new MimePart(
        headerStart,
        bodyStart,
        bodyEnd,
        lines,
        type,
        subtype,
        declared,
        parameters,
        header.get(Field.CONTENT_ID),
        header.get(Field.CONTENT_DESCRIPTION),
        encoding,
        disposition,
        dispositionParameters,
        languages(),
        header.get(Field.CONTENT_LOCATION),
        header.get(Field.CONTENT_MD5),
        envelope,
        children);
  }

  /** The one child of a multipart or message in which nothing was found. */
  private MimePart wholeBody(long bodyEnd, long lines) {
    return new MimePart(
        bodyStart, bodyStart, bodyEnd, lines, "text", "plain", false, List.of(), null, null,
        encoding, null, List.of(), List.of(), null, null, null, List.of());
  }

  private List<String> languages() {
    String text = header.get(Field.CONTENT_LANGUAGE);
    if (text == null) {
      return List.of();
    }
    return Arrays.stream(text.split(",", budget.limits().parameters()))
        .map(String::strip)
        .filter(tag -> !tag.isEmpty())
        .toList();
  }
}
