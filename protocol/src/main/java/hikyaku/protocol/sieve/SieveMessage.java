package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.mime.MessageOctets;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.MimePart;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A message as a script sees it: the header with the trace fields of this delivery before it, the
 * body, and the envelope. Used by one thread.
 */
public final class SieveMessage {
  /** Fields that are never taken away (RFC 5293 §6). */
  private static final List<String> PROTECTED = List.of("received", "auto-submitted");

  /** Characters of a line of a field that is added, where it can be folded (RFC 5322 §2.1.1). */
  private static final int FOLDED = 76;

  private static final int LONGEST_LINE = 998;

  /** The fields of this delivery, which stand before the message. */
  private final List<HeaderField> trace;

  private final List<Line> lines = new ArrayList<>();
  private final boolean whole;
  private byte @Nullable [] edited;
  private @Nullable Edition edition;

  /** The message before another one was put around it, and its header then. */
  private @Nullable Optional<Edition> before;

  private List<Line> linesBefore = List.of();
  private long looked;
  private final long added;
  private final MessageStructure structure;
  private final Parts parts;
  private final String from;
  private final String to;

  /**
   * @param prefix fields that are put before the message at delivery
   * @param octets of the message, without the prefix
   * @param from the reverse-path of the envelope; empty for none
   * @param to the recipient that led here
   */
  public SieveMessage(
      byte[] prefix,
      MessageStructure structure,
      MessageOctets octets,
      String from,
      String to,
      SieveLimits limits)
      throws IOException {
    this.added = prefix.length;
    this.structure = structure;
    this.from = from;
    this.to = to;
    this.trace = HeaderFields.of(prefix).all();
    MimePart root = structure.root();
    this.whole =
        root.bodyStart() > root.headerStart()
            && root.bodyStart() - root.headerStart() <= limits.headerOctets();
    this.parts = new Parts(structure, octets, limits);
    HeaderFields own =
        HeaderFields.of(
            parts.read(octets, root.headerStart(), root.bodyStart(), limits.headerOctets()));
    own.all().forEach(field -> lines.add(new Line(field, own.octets(field))));
  }

  /**
   * A field of the message itself.
   *
   * @param octets as they stand in the header, its last line ending too
   * @param fixed whether no edit takes it away
   */
  private record Line(HeaderField field, byte[] octets, boolean fixed) {
    Line(HeaderField field, byte[] octets) {
      this(field, octets, PROTECTED.stream().anyMatch(field::is));
    }
  }

  // ---- editing (RFC 5293)

  static boolean isFieldName(String name) {
    return !name.isEmpty()
        && name.length() <= 100
        && name.chars().allMatch(c -> c > ' ' && c < 127 && c != ':');
  }

  /** Whether the header can be edited: there is one, and all of it is known. */
  boolean isEditable() {
    return whole;
  }

  /**
   * Adds a field, behind those of this delivery or at the end.
   *
   * @param value without control characters
   * @return whether it fits into a field
   */
  boolean add(String name, String value, boolean last) {
    Optional<Line> added = line(name, value);
    added.ifPresent(line -> lines.add(last ? lines.size() : 0, line));
    rewrite();
    return added.isPresent();
  }

  private static Optional<Line> line(String name, String value) {
    return field(name, value).map(SieveMessage::line);
  }

  /**
   * The octets of a field.
   *
   * @param value without control characters
   * @return nothing if it does not fit into a field
   */
  static Optional<byte[]> field(String name, String value) {
    String written = name + ": " + EncodedWords.encode(value);
    StringBuilder folded = new StringBuilder();
    int line = 0;
    for (String word : written.split("(?= )", -1)) {
      boolean full = line > 0 && line + word.length() > FOLDED && !word.isBlank();
      // The name has a word behind it in its line: a line of blanks alone is none (RFC 5322
      // §3.2.2).
      if (full && folded.length() > name.length() + 1) {
        folded.append("\r\n");
        line = 0;
      }
      folded.append(word);
      line += word.length();
      if (line > LONGEST_LINE) {
        return Optional.empty();
      }
    }
    return Optional.of(folded.append("\r\n").toString().getBytes(ISO_8859_1));
  }

  private static Line line(byte[] octets) {
    return new Line(HeaderFields.of(octets).all().getFirst(), octets);
  }

  /**
   * Takes fields away, all at once: whoever sends a message may give it very many of one name.
   * Those of this delivery stay, and those that are protected.
   *
   * @return how many went
   */
  int remove(List<HeaderField> fields) {
    // Two fields that are added may be equal, and yet are two.
    Set<HeaderField> gone = Collections.newSetFromMap(new IdentityHashMap<>());
    gone.addAll(fields);
    int size = lines.size();
    if (lines.removeIf(line -> !line.fixed && gone.contains(line.field))) {
      rewrite();
    }
    return size - lines.size();
  }

  private void rewrite() {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    lines.forEach(line -> header.writeBytes(line.octets));
    header.writeBytes(new byte[] {'\r', '\n'});
    edited = header.toByteArray();
    edition = null;
  }

  /**
   * The message as it was changed; nothing if it was not. The same one until it is changed again.
   */
  Optional<Edition> edition() {
    if (edited == null && !parts.root().isChanged()) {
      return Optional.empty();
    }
    Edition made = edition;
    if (made == null) {
      made = parts.edition(edited);
      edition = made;
    }
    return Optional.of(made);
  }

  /** The message as it is now. */
  Edition whole() {
    return edition().orElseGet(() -> parts.edition(null));
  }

  /** The same without what was put around it (RFC 5703 §6). */
  Optional<Edition> unenclosed() {
    Optional<Edition> made = before;
    return made == null ? edition() : made;
  }

  /** Puts an entity in the place of a part that is in the message. */
  void replace(Part part, byte[] entity) {
    parts.replace(part, entity);
    edition = null;
  }

  /**
   * Puts an entity in the place of all that the message holds (RFC 5703 §5).
   *
   * @param subject in place of the one that it has; null for that
   * @param from as a field has it, in place of the one that it has; null for that
   * @return whether the subject fits into a field
   */
  boolean replace(byte[] entity, @Nullable String subject, @Nullable String from) {
    List<Line> header = new ArrayList<>();
    for (Line line : lines) {
      if (subject != null && line.field.is("Subject") || from != null && line.field.is("From")) {
        header.add(original(line));
      } else if (!isOfContent(line.field.name())) {
        header.add(line);
      }
    }
    if (from != null) {
      header.add(line(("From: " + from + "\r\n").getBytes(UTF_8)));
    }
    if (subject != null) {
      Optional<Line> line = line("Subject", subject);
      if (line.isEmpty()) {
        return false;
      }
      header.add(line.get());
    }
    header.add(line("MIME-Version: 1.0\r\n".getBytes(ISO_8859_1)));
    HeaderFields own = HeaderFields.of(entity);
    for (HeaderField field : own) {
      if (isOfContent(field.name()) && !field.is("MIME-Version")) {
        header.add(new Line(field, own.octets(field)));
      }
    }
    parts.replace(parts.root(), entity);
    lines.clear();
    lines.addAll(header);
    rewrite();
    return true;
  }

  /** Whether a field describes what a message holds (RFC 2045 §9). */
  static boolean isOfContent(String name) {
    String lower = Collation.asciiLower(name);
    return lower.startsWith("content-") || lower.equals("mime-version");
  }

  /** What stood in a field before it was replaced; it stays (RFC 5703 §5). */
  private static Line original(Line line) {
    byte[] name = ("Original-" + line.field.name() + ":").getBytes(ISO_8859_1);
    int value = line.field.valueStart() - line.field.start();
    byte[] octets = Arrays.copyOf(name, name.length + line.octets.length - value);
    System.arraycopy(line.octets, value, octets, name.length, line.octets.length - value);
    return new Line(line(octets).field, octets, true);
  }

  /**
   * Puts a message around this one (RFC 5703 §6).
   *
   * @param frame with another message in its second part, which this one replaces
   * @param header of the frame, with the empty line behind it
   */
  void enclose(byte[] frame, byte[] header) {
    if (before == null) {
      before = edition();
      linesBefore = List.copyOf(lines);
    }
    parts.enclose(frame, edited);
    lines.clear();
    HeaderFields own = HeaderFields.of(header);
    own.all().forEach(field -> lines.add(new Line(field, own.octets(field))));
    rewrite();
  }

  /** The octets of fields of the message itself, in order. */
  byte[] octets(Predicate<HeaderField> which) {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    lines.stream()
        .filter(line -> which.test(line.field))
        .forEach(line -> octets.writeBytes(line.octets));
    return octets.toByteArray();
  }

  // ---- reading

  /** Octets, those of the prefix too. */
  long size() {
    return added + edition().map(Edition::size).orElse(structure.size());
  }

  String from() {
    return from;
  }

  String to() {
    return to;
  }

  /** The fields of a name in order; case does not count. */
  List<HeaderField> fields(String name) {
    return fields(name, lines);
  }

  /**
   * The same of the message that was sent, whatever was put around it: who sent it and how is never
   * told by a message that a script made.
   */
  List<HeaderField> fieldsSent(String name) {
    return fields(name, before == null ? lines : linesBefore);
  }

  private List<HeaderField> fields(String name, List<Line> own) {
    if (name.isEmpty()) {
      // What is no field at all has an empty name, and is not meant.
      return List.of();
    }
    List<HeaderField> found =
        Stream.concat(trace.stream(), own.stream().map(Line::field))
            .filter(field -> field.is(name))
            .toList();
    looked += trace.size() + own.size();
    found.forEach(field -> looked += field.value().length() / Run.OCTETS_OF_A_STEP);
    return found;
  }

  /** What it took to find fields since this was last asked, in comparisons, to be paid for. */
  long takeLooked() {
    long taken = looked;
    looked = 0;
    return taken;
  }

  /** The first field of a name as people read it; empty if there is none. */
  String text(String name) {
    return text(fields(name));
  }

  /** The same of the message that was sent. */
  String textSent(String name) {
    return text(fieldsSent(name));
  }

  static String text(List<HeaderField> fields) {
    return fields.stream().findFirst().map(field -> field.decoded().strip()).orElse("");
  }

  /** The message in its parts. */
  Parts parts() {
    return parts;
  }
}
