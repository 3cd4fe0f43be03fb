package hikyaku.protocol.sieve;

import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.mime.MessageOctets;
import hikyaku.protocol.mime.MimeParser;
import hikyaku.protocol.mime.MimePart;
import hikyaku.protocol.mime.ParameterText;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of a message as scripts see it and change it: the message itself is one too. It stays the
 * same part when it is replaced. Used by one thread.
 */
final class Part {
  /** With this its parts' numbers begin (RFC 9051 §6.4.5.1). */
  private final String prefix;

  private String name;
  private @Nullable Part parent;

  /** Where it lies in the octets that the part around it lies in. */
  private long start;

  private long end;

  /** The octets that its offsets count: those of the message that came, or {@link #made}. */
  private MessageOctets source;

  private byte @Nullable [] made;
  private MimePart described;
  private List<Part> children = List.of();

  /** Its header in place of the one in its octets. */
  private byte @Nullable [] header;

  private int replacements;
  private boolean moved;

  /** Its header, once it was read; not of all parts, lest a message takes memory as it likes. */
  @Nullable HeaderFields read;

  private Part(
      String name,
      String prefix,
      @Nullable Part parent,
      MessageOctets source,
      byte @Nullable [] made,
      MimePart described) {
    this.name = name;
    this.prefix = prefix;
    this.parent = parent;
    this.source = source;
    this.made = made;
    this.described = described;
    this.start = described.headerStart();
    this.end = described.bodyEnd();
    describeParts();
  }

  private void describeParts() {
    List<Part> parts = new ArrayList<>();
    for (MimePart each : described.children()) {
      String number = prefix + (parts.size() + 1);
      parts.add(
          described.isMessage()
              ? new Part("the message in " + name, prefix, this, source, made, each)
              : new Part("part " + number, number + ".", this, source, made, each));
    }
    children = parts;
  }

  /**
   * The message that came.
   *
   * @param source of the octets that its offsets count
   */
  static Part of(MessageOctets source, MimePart message) {
    return new Part("the message", "", null, source, null, message);
  }

  /**
   * A message around another one, which is from then on the message in its second part.
   *
   * @param frame the new one, with some message in the place of the other
   * @param header of the other, if it is not the one in its octets
   */
  static Part around(Part message, byte[] frame, byte @Nullable [] header) {
    Part root = new Part("the message", "", null, MessageOctets.of(frame), frame, parse(frame));
    Part place = root.children.get(1);
    Part instead = place.children.getFirst();
    message.name = "the message in " + place.name;
    message.parent = place;
    message.start = instead.start;
    message.end = instead.end;
    message.header = header;
    message.read = null;
    message.moved = true;
    place.children = List.of(message);
    return root;
  }

  private static MimePart parse(byte[] octets) {
    MimeParser parser = new MimeParser();
    parser.write(octets, 0, octets.length);
    return parser.finish().root();
  }

  /** What to call it in a sentence, by its number (RFC 9051 §6.4.5.1). */
  String name() {
    return name;
  }

  MessageOctets source() {
    return source;
  }

  /** What it is, by its own octets; what was changed in it is not told. */
  MimePart described() {
    return described;
  }

  /** Everything in it, what is no part of its own too. */
  List<Part> children() {
    return children;
  }

  /**
   * The parts in it: none of a multipart in which no part was found, nor of what is wrongly encoded
   * (RFC 2045 §6.4), into which nobody looks and nothing can be put.
   */
  List<Part> parts() {
    boolean none =
        described.isMultipart()
            ? children.size() == 1
                && described.children().getFirst().headerStart() == described.bodyStart()
            : described.encoding().equals("base64")
                || described.encoding().equals("quoted-printable");
    return none ? List.of() : children;
  }

  /** Adds this part and all in it, each before what is in it. */
  void addAll(List<Part> to) {
    to.add(this);
    parts().forEach(part -> part.addAll(to));
  }

  /** The header that it has in place of the one in its octets, if there is one. */
  byte @Nullable [] header() {
    return header;
  }

  /** How often it became another one. */
  int replacements() {
    return replacements;
  }

  boolean isChanged() {
    return replacements > 0 || moved || children.stream().anyMatch(Part::isChanged);
  }

  /** What divides the multiparts around it (RFC 2046 §5.1.1). */
  List<String> boundaries() {
    List<String> boundaries = new ArrayList<>();
    for (Part around = parent; around != null; around = around.parent) {
      String boundary = ParameterText.get(around.described.parameters(), "boundary");
      if (around.described.isMultipart() && boundary != null) {
        boundaries.add(boundary);
      }
    }
    return boundaries;
  }

  /** Puts another part in its place, with all that is in it. */
  void become(byte[] entity) {
    source = MessageOctets.of(entity);
    made = entity;
    described = parse(entity);
    header = null;
    read = null;
    replacements++;
    describeParts();
  }

  void write(Edition.Builder to) {
    if (header != null) {
      to.made(header);
    } else {
      writeHeader(to);
    }
    writeBody(to);
  }

  /** The header in its octets. */
  void writeHeader(Edition.Builder to) {
    stretch(to, described.headerStart(), described.bodyStart());
  }

  void writeBody(Edition.Builder to) {
    long at = described.bodyStart();
    for (Part child : children) {
      if (child.isChanged()) {
        stretch(to, at, child.start);
        child.write(to);
        at = child.end;
      }
    }
    stretch(to, at, described.bodyEnd());
  }

  private void stretch(Edition.Builder to, long from, long until) {
    if (from == until) {
      return;
    }
    if (made == null) {
      to.kept(from, until);
    } else {
      to.made(made, (int) from, (int) until);
    }
  }
}
