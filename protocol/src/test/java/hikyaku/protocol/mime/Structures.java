package hikyaku.protocol.mime;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.address.EnvelopeAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Parses in all manners, and checks what must hold of every description. */
final class Structures {
  private Structures() {}

  static MessageStructure parse(byte[] octets) {
    return parse(octets, MimeLimits.DEFAULT);
  }

  static MessageStructure parse(byte[] octets, MimeLimits limits) {
    MimeParser parser = new MimeParser(limits);
    parser.write(octets);
    return parser.finish();
  }

  static MessageStructure parseOctetByOctet(byte[] octets, MimeLimits limits) {
    MimeParser parser = new MimeParser(limits);
    byte[] one = new byte[1];
    for (byte octet : octets) {
      one[0] = octet;
      parser.write(one);
    }
    return parser.finish();
  }

  static MessageStructure parseInPieces(byte[] octets, MimeLimits limits, Random random) {
    MimeParser parser = new MimeParser(limits);
    int at = 0;
    while (at < octets.length) {
      int length = Math.min(octets.length - at, 1 + random.nextInt(random.nextBoolean() ? 4 : 200));
      // A copy that is spoiled afterwards: the parser may keep nothing of it.
      byte[] piece = new byte[length + 2];
      System.arraycopy(octets, at, piece, 1, length);
      parser.write(piece, 1, length);
      Arrays.fill(piece, (byte) '\n');
      at += length;
    }
    return parser.finish();
  }

  /** What holds of any description of these octets. */
  static void check(MessageStructure structure, byte[] octets, MimeLimits limits) {
    assertThat(structure.size()).isEqualTo(octets.length);
    MimePart root = structure.root();
    assertThat(root.headerStart()).isZero();
    assertThat(root.bodyEnd()).isEqualTo(octets.length);
    List<MimePart> parts = new ArrayList<>();
    checkPart(root, octets, limits, 1, parts);
    // The made-up child of a multipart in which nothing was found is not counted.
    assertThat(parts.size()).isLessThanOrEqualTo(2 * limits.parts());
    checkEnvelope(structure.envelope(), limits);
    assertThat(structure.preview().codePointCount(0, structure.preview().length()))
        .isLessThanOrEqualTo(limits.previewCharacters());
    assertThat(structure.preview().codePoints())
        .noneMatch(point -> point >= 0xd800 && point <= 0xdfff || Character.isISOControl(point));
    assertThat(structure.references().size()).isLessThanOrEqualTo(limits.references());
    assertThat(structure.deliveredTo().size()).isLessThanOrEqualTo(limits.deliveredTo());
    structure.references().forEach(Structures::checkText);
    structure.deliveredTo().forEach(Structures::checkText);
    boolean eight = false;
    boolean nul = false;
    for (byte octet : octets) {
      eight |= octet < 0;
      nul |= octet == 0;
    }
    assertThat(structure.has8bit()).isEqualTo(eight);
    assertThat(structure.hasNul()).isEqualTo(nul);
  }

  private static void checkPart(
      MimePart part, byte[] octets, MimeLimits limits, int depth, List<MimePart> seen) {
    seen.add(part);
    assertThat(depth).isLessThanOrEqualTo(limits.depth() + 1);
    assertThat(part.headerStart()).isLessThanOrEqualTo(part.bodyStart());
    assertThat(part.bodyStart()).isLessThanOrEqualTo(part.bodyEnd());
    assertThat(part.lines()).isEqualTo(lines(octets, part));
    checkText(part.type());
    checkText(part.subtype());
    checkText(part.encoding());
    checkText(part.contentId());
    checkText(part.description());
    checkText(part.disposition());
    checkText(part.location());
    checkText(part.md5());
    part.languages().forEach(Structures::checkText);
    assertThat(part.parameters().size()).isLessThanOrEqualTo(limits.parameters());
    part.parameters().forEach(parameter -> checkText(parameter.value()));
    part.dispositionParameters().forEach(parameter -> checkText(parameter.value()));
    ParameterText.fileName(part);
    if (part.isMultipart()) {
      assertThat(part.children()).isNotEmpty();
    } else {
      assertThat(part.children()).hasSize(part.isMessage() ? 1 : 0);
    }
    assertThat(part.isMessage())
        .isEqualTo(
            part.type().equals("message")
                && (part.subtype().equals("rfc822") || part.subtype().equals("global")));
    if (part.envelope() != null) {
      checkEnvelope(part.envelope(), limits);
    }
    long free = part.bodyStart();
    for (MimePart child : part.children()) {
      assertThat(child.headerStart()).isGreaterThanOrEqualTo(free);
      assertThat(child.bodyEnd()).isLessThanOrEqualTo(part.bodyEnd());
      free = child.bodyEnd();
      checkPart(child, octets, limits, depth + 1, seen);
    }
    if (part.isMessage()) {
      assertThat(part.children().getFirst().headerStart()).isEqualTo(part.bodyStart());
      assertThat(part.children().getFirst().bodyEnd()).isEqualTo(part.bodyEnd());
    }
  }

  private static void checkEnvelope(Envelope envelope, MimeLimits limits) {
    checkText(envelope.date());
    checkText(envelope.subject());
    checkText(envelope.inReplyTo());
    checkText(envelope.messageId());
    List<List<EnvelopeAddress>> lists =
        List.of(
            envelope.from(),
            envelope.sender(),
            envelope.replyTo(),
            envelope.to(),
            envelope.cc(),
            envelope.bcc());
    for (List<EnvelopeAddress> list : lists) {
      assertThat(list.size()).isLessThanOrEqualTo(limits.addresses());
      int groups = 0;
      for (EnvelopeAddress address : list) {
        checkText(address.name());
        checkText(address.route());
        checkText(address.mailbox());
        checkText(address.host());
        if (!address.isAddress()) {
          assertThat(address.name()).isNull();
          groups += address.mailbox() == null ? -1 : 1;
          assertThat(groups).isBetween(0, 1);
        }
      }
      assertThat(groups).isZero();
    }
  }

  private static void checkText(String text) {
    if (text != null) {
      assertThat(text.chars())
          .allMatch(octet -> octet < 256 && octet != 0 && octet != '\r' && octet != '\n');
    }
  }

  /** Counts line endings by the rule of {@link LineSplitter}, slowly and plainly. */
  private static long lines(byte[] octets, MimePart part) {
    boolean crEnds = crEndsLines(octets);
    long lines = 0;
    for (int at = (int) part.bodyStart(); at < part.bodyEnd(); at++) {
      boolean crLf = octets[at] == '\n' && at > 0 && octets[at - 1] == '\r';
      if (octets[at] == '\n') {
        lines++;
        assertThat(crLf && at == part.bodyStart()).as("divided line ending").isFalse();
      } else if (crEnds && octets[at] == '\r') {
        boolean withLf = at + 1 < octets.length && octets[at + 1] == '\n';
        lines += withLf ? 0 : 1;
      }
    }
    return lines;
  }

  private static boolean crEndsLines(byte[] octets) {
    for (int at = 0; at < octets.length; at++) {
      if (octets[at] == '\n') {
        return false;
      }
      if (octets[at] == '\r') {
        return at + 1 == octets.length || octets[at + 1] != '\n';
      }
    }
    return false;
  }

  /** The tree on one line, for expectations: {@code multipart/mixed(text/plain image/gif)}. */
  static String outline(MimePart part) {
    StringBuilder outline = new StringBuilder(part.type() + "/" + part.subtype());
    if (!part.children().isEmpty()) {
      outline.append('(');
      for (MimePart child : part.children()) {
        outline.append(child == part.children().getFirst() ? "" : " ").append(outline(child));
      }
      outline.append(')');
    }
    return outline.toString();
  }
}
