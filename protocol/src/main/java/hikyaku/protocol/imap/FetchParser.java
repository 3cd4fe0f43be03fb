package hikyaku.protocol.imap;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** FETCH (RFC 9051 §6.4.5, RFC 3516, 7162, 8474, 8514, 8970, 9394). */
final class FetchParser {
  private static final List<FetchItem> FAST =
      List.of(FetchItem.Plain.FLAGS, FetchItem.Plain.INTERNALDATE, FetchItem.Plain.RFC822_SIZE);

  private final Cursor in;

  FetchParser(Cursor in) {
    this.in = in;
  }

  /** What follows the command's name. */
  Command.Fetch fetch(boolean uid) throws SyntaxException {
    in.expectSp();
    SequenceSet messages = in.expectSequenceSet();
    in.expectSp();
    List<FetchItem> items = items();
    Long changedSince = null;
    boolean vanished = false;
    PartialRange partial = null;
    if (in.take(' ') && !in.atEnd()) {
      in.expect('(');
      do {
        switch (in.expectWord("a fetch modifier")) {
          case "CHANGEDSINCE" -> {
            in.expectSp();
            changedSince = in.expectNumber64();
          }
          case "VANISHED" -> vanished = true;
          case "PARTIAL" -> {
            in.expectSp();
            partial = in.expectPartialRange();
          }
          default -> throw SyntaxException.bad("Unknown fetch modifier");
        }
      } while (in.take(' '));
      in.expect(')');
    }
    if (vanished && (!uid || changedSince == null)) {
      throw SyntaxException.bad("VANISHED needs UID FETCH and CHANGEDSINCE");
    }
    if (partial != null && !uid) {
      throw SyntaxException.bad("PARTIAL needs UID FETCH");
    }
    return new Command.Fetch(uid, messages, items, changedSince, vanished, partial);
  }

  /** One item, or several in parentheses. */
  List<FetchItem> items() throws SyntaxException {
    List<FetchItem> items = new ArrayList<>();
    if (in.take('(')) {
      do {
        items.add(item());
        if (items.size() > in.limits().fetchItems()) {
          throw SyntaxException.limit("Too many fetch items");
        }
      } while (in.take(' '));
      in.expect(')');
    } else if (in.word("FAST")) {
      items.addAll(FAST);
    } else if (in.word("ALL")) {
      items.addAll(FAST);
      items.add(FetchItem.Plain.ENVELOPE);
    } else if (in.word("FULL")) {
      items.addAll(FAST);
      items.add(FetchItem.Plain.ENVELOPE);
      items.add(FetchItem.Plain.BODY);
    } else {
      items.add(item());
    }
    return items;
  }

  /** {@code fetch-att}. A name ends before its section's bracket, which atoms may hold. */
  private FetchItem item() throws SyntaxException {
    if (in.prefix("BODY.PEEK[")) {
      return bodySection(true);
    }
    if (in.prefix("BODY[")) {
      return bodySection(false);
    }
    if (in.prefix("BINARY.PEEK[")) {
      return new FetchItem.Binary(true, binaryPart(), partial());
    }
    if (in.prefix("BINARY.SIZE[")) {
      return new FetchItem.BinarySize(binaryPart());
    }
    if (in.prefix("BINARY[")) {
      return new FetchItem.Binary(false, binaryPart(), partial());
    }
    String name = in.expectWord("a fetch item");
    for (FetchItem.Plain item : FetchItem.Plain.values()) {
      if (item.wire().equals(name)) {
        if (item == FetchItem.Plain.PREVIEW) {
          previewModifiers();
        }
        return item;
      }
    }
    throw SyntaxException.bad("Unknown fetch item");
  }

  /** Tries {@code preview-mod}s. Behind a single item others may stand, of FETCH itself. */
  private void previewModifiers() throws SyntaxException {
    if (in.prefix(" (LAZY")) {
      while (in.prefix(" LAZY")) {
        // Once is as good.
      }
      in.expect(')');
    }
  }

  /** {@code section-spec} that stands alone, up to the end; nothing for the whole message. */
  Section onlySection() throws SyntaxException {
    Section section = in.atEnd() ? Section.WHOLE : section();
    in.expectEnd();
    return section;
  }

  private FetchItem bodySection(boolean peek) throws SyntaxException {
    Section section = section();
    in.expect(']');
    return new FetchItem.BodySection(peek, section, partial());
  }

  /** {@code section-spec}, or nothing. */
  private Section section() throws SyntaxException {
    if (in.peek() == ']') {
      return Section.WHOLE;
    }
    List<Integer> part = List.of();
    if (in.atDigit()) {
      part = new ArrayList<>();
      boolean text;
      do {
        part.add(partNumber(part.size()));
        text = in.take('.');
      } while (text && in.atDigit());
      if (!text) {
        return new Section(part, Section.Kind.ALL, List.of());
      }
    }
    return sectionText(part);
  }

  private int partNumber(int depth) throws SyntaxException {
    if (depth == in.limits().partDepth()) {
      throw SyntaxException.limit("Part path too long");
    }
    // No message has more parts than an int can count: such a part is asked for in vain.
    return (int) Math.min(Integer.MAX_VALUE, in.expectNzNumber());
  }

  private Section sectionText(List<Integer> part) throws SyntaxException {
    if (in.prefix("HEADER.FIELDS.NOT ")) {
      return new Section(part, Section.Kind.HEADER_FIELDS_NOT, fieldNames());
    }
    if (in.prefix("HEADER.FIELDS ")) {
      return new Section(part, Section.Kind.HEADER_FIELDS, fieldNames());
    }
    if (in.prefix("HEADER")) {
      return new Section(part, Section.Kind.HEADER, List.of());
    }
    if (in.prefix("TEXT")) {
      return new Section(part, Section.Kind.TEXT, List.of());
    }
    if (!part.isEmpty() && in.prefix("MIME")) {
      return new Section(part, Section.Kind.MIME, List.of());
    }
    throw SyntaxException.bad("Unknown section" + in.here());
  }

  /** {@code header-list}. */
  private List<String> fieldNames() throws SyntaxException {
    List<String> names = new ArrayList<>();
    in.expect('(');
    do {
      if (names.size() == in.limits().headerFields()) {
        throw SyntaxException.limit("Too many header fields");
      }
      names.add(in.expectAstring("a header field name"));
    } while (in.take(' '));
    in.expect(')');
    return names;
  }

  /** {@code section-binary} behind its bracket. */
  private List<Integer> binaryPart() throws SyntaxException {
    List<Integer> part = new ArrayList<>();
    if (in.peek() != ']') {
      do {
        part.add(partNumber(part.size()));
      } while (in.take('.'));
    }
    in.expect(']');
    return part;
  }

  /** Tries {@code partial}. */
  private FetchItem.@Nullable Partial partial() throws SyntaxException {
    if (!in.take('<')) {
      return null;
    }
    long offset = in.expectNumber64();
    in.expect('.');
    long length = in.expectNzNumber64();
    in.expect('>');
    return new FetchItem.Partial(offset, length);
  }
}
