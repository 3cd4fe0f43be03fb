package hikyaku.protocol.sieve;

import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.mime.MessageOctets;
import hikyaku.protocol.mime.MimePart;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A part of a message as scripts see it: the message itself is one too. Used by one thread. */
final class Part {
  private final String name;
  private final MessageOctets source;
  private final MimePart described;
  private final List<Part> children = new ArrayList<>();

  /** Its header, once it was read; not of all parts, lest a message takes memory as it likes. */
  @Nullable HeaderFields read;

  private Part(String name, String prefix, MessageOctets source, MimePart described) {
    this.name = name;
    this.source = source;
    this.described = described;
    List<MimePart> parts = described.children();
    for (int i = 0; i < parts.size(); i++) {
      String number = prefix + (i + 1);
      children.add(
          described.isMessage()
              ? new Part("the message in " + name, prefix, source, parts.get(i))
              : new Part("part " + number, number + ".", source, parts.get(i)));
    }
  }

  /**
   * A message.
   *
   * @param source of the octets that its offsets count
   */
  static Part of(MessageOctets source, MimePart message) {
    return new Part("the message", "", source, message);
  }

  /** What to call it in a sentence, by its number (RFC 9051 §6.4.5.1). */
  String name() {
    return name;
  }

  MessageOctets source() {
    return source;
  }

  MimePart described() {
    return described;
  }

  /** Everything in it, what is no part of its own too. */
  List<Part> children() {
    return children;
  }

  /** The parts in it; a multipart in which no part was found has none. */
  List<Part> parts() {
    boolean none =
        described.isMultipart()
            && children.size() == 1
            && children.getFirst().described.headerStart() == described.bodyStart();
    return none ? List.of() : children;
  }

  /** Adds this part and all in it, each before what is in it. */
  void addAll(List<Part> to) {
    to.add(this);
    parts().forEach(part -> part.addAll(to));
  }
}
