package hikyaku.server.imap;

import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.log.Brief;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.StoredMessage;
import hikyaku.protocol.imap.FetchItem;
import hikyaku.protocol.imap.FetchItem.Plain;
import hikyaku.protocol.imap.FetchWriter;
import hikyaku.protocol.imap.FlagList;
import hikyaku.protocol.imap.Section;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.MimePart;
import hikyaku.protocol.mime.TransferDecoder;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The FETCH response of one message. It is planned before its first octet is written: what can fail
 * fails then, and costs this message alone.
 */
final class MessageFetch {
  private final Session session;
  private final Selected selected;
  private final List<FetchItem> items;
  private final boolean needsContent;

  /** By the bits of flags without keywords, of messages that are \Recent and that are not. */
  private final @Nullable FlagList[][] plain = new FlagList[2][Flags.COMBINATIONS];

  /** Of flags with keywords. Few messages of many have flags of their own. */
  private final Map<Updates.ToldFlags, FlagList> told = new HashMap<>();

  /** Writes one item. */
  @FunctionalInterface
  private interface Step {
    void write(FetchWriter out) throws IOException;
  }

  /** An encoding that BINARY cannot undo (RFC 3516 §4.3). */
  static final class UnknownEncoding extends Exception {
    UnknownEncoding() {
      super("unknown encoding", null, false, false);
    }
  }

  MessageFetch(Session session, Selected selected, List<FetchItem> items) {
    this.session = session;
    this.selected = selected;
    this.items = items;
    this.needsContent = items.stream().anyMatch(MessageFetch::needsContent);
  }

  /** Whether any of the items needs more than the columns of the state. */
  static boolean needsMessage(List<FetchItem> items) {
    return items.stream()
        .anyMatch(item ->
            switch (item) {
              case Plain.FLAGS, Plain.INTERNALDATE, Plain.RFC822_SIZE, Plain.UID, Plain.MODSEQ ->
                  false;
              default -> true;
            });
  }

  /** One of the items that are columns of the state. These cannot fail. */
  private void column(Plain item, int index, FetchWriter out) {
    MailboxState state = selected.view.state();
    switch (item) {
      case UID -> out.uid(state.uid(index));
      case FLAGS -> out.flags(flags(state, index));
      case MODSEQ -> out.modSeq(state.modseq(index));
      case INTERNALDATE -> out.internalDate(state.internalDate(index).toOffsetDateTime());
      case RFC822_SIZE -> out.size(state.octets(index));
      default -> throw new IllegalArgumentException("no column: " + item);
    }
  }

  private FlagList flags(MailboxState state, int index) {
    Updates.ToldFlags flags = session.updates.toldFlags(selected, state, index);
    if (!flags.flags().keywords().isEmpty()) {
      return told.computeIfAbsent(flags, each -> new FlagList(each.wire()));
    }
    @Nullable FlagList[] known = plain[flags.recent() ? 1 : 0];
    FlagList list = known[flags.flags().system()];
    if (list == null) {
      list = new FlagList(flags.wire());
      known[flags.flags().system()] = list;
    }
    return list;
  }

  private static boolean needsContent(FetchItem item) {
    return switch (item) {
      case Plain.RFC822, Plain.RFC822_HEADER, Plain.RFC822_TEXT -> true;
      case Plain _ -> false;
      case FetchItem.BodySection _, FetchItem.Binary _, FetchItem.BinarySize _ -> true;
    };
  }

  /**
   * @param stored null if no item needs it: then nothing can fail, and nothing is planned
   * @throws StoreException if the message cannot be read; nothing has been written then
   * @throws BrokenOff if it could not be read to its end
   */
  void write(int index, @Nullable StoredMessage stored) throws IOException, UnknownEncoding {
    if (stored == null) {
      FetchWriter out = session.updates.fetch(selected, index, false);
      for (FetchItem item : items) {
        column((Plain) item, index, out);
      }
      out.end();
      return;
    }
    if (!needsContent) {
      write(index, plan(index, stored, null));
      return;
    }
    try (MessageContent content = selected.mailbox().messages().open(stored.message())) {
      write(index, plan(index, stored, content));
    }
  }

  private void write(int index, List<Step> plan) throws IOException {
    try {
      FetchWriter out = session.updates.fetch(selected, index, false);
      for (Step step : plan) {
        step.write(out);
      }
      out.end();
    } catch (StoreException e) {
      throw new BrokenOff("the store failed inside a response", e);
    }
  }

  private List<Step> plan(
      int index, @Nullable StoredMessage stored, @Nullable MessageContent content)
      throws IOException, UnknownEncoding {
    List<Step> plan = new ArrayList<>();
    for (FetchItem item : items) {
      session.checkpoint();
      plan.add(
          switch (item) {
            case Plain plain -> plain(plain, index, stored, content);
            case FetchItem.BodySection body ->
                octets(body, message(stored), section(body, message(stored), content(content)));
            case FetchItem.Binary binary -> binary(binary, message(stored), content(content));
            case FetchItem.BinarySize size -> binarySize(size, message(stored), content(content));
          });
    }
    return plan;
  }

  private Step plain(
      Plain item, int index, @Nullable StoredMessage stored, @Nullable MessageContent content)
      throws IOException {
    return switch (item) {
      case UID, FLAGS, MODSEQ, INTERNALDATE, RFC822_SIZE -> out -> column(item, index, out);
      case ENVELOPE -> out -> out.envelope(message(stored).structure().envelope());
      case BODY -> out -> out.structure(message(stored).structure().root(), false);
      case BODYSTRUCTURE -> out -> out.structure(message(stored).structure().root(), true);
      case SAVEDATE -> {
        OffsetDateTime saved = stored(stored).saved().atOffset(ZoneOffset.UTC);
        yield out -> out.saveDate(saved);
      }
      case PREVIEW -> out -> out.preview(message(stored).structure().preview());
      case EMAILID -> {
        String id = ObjectIds.emailId(message(stored));
        yield out -> out.emailId(id);
      }
      case THREADID -> {
        String id = ObjectIds.threadId(Brief.of(message(stored).structure()));
        yield out -> out.threadId(id);
      }
      case RFC822 -> octets(item, message(stored), whole(content(content), null));
      case RFC822_HEADER ->
          octets(
              item,
              message(stored),
              sectionOf(Section.Kind.HEADER, message(stored), content(content)));
      case RFC822_TEXT ->
          octets(
              item,
              message(stored),
              sectionOf(Section.Kind.TEXT, message(stored), content(content)));
    };
  }

  private static StoredMessage stored(@Nullable StoredMessage stored) {
    if (stored == null) {
      throw new IllegalStateException("planned without the message");
    }
    return stored;
  }

  private static NewMessage message(@Nullable StoredMessage stored) {
    return stored(stored).message();
  }

  private static MessageContent content(@Nullable MessageContent content) {
    if (content == null) {
      throw new IllegalStateException("planned without the content");
    }
    return content;
  }

  private static Step octets(FetchItem item, NewMessage message, @Nullable Extract extract) {
    if (extract == null) {
      return out -> out.nil(item);
    }
    Extract told = message.structure().hasNul() ? extract.masked() : extract;
    return out -> out.octets(item, told.length(), told.content());
  }

  private static Extract whole(MessageContent content, FetchItem.@Nullable Partial partial) {
    return Extract.range(content, 0, content.size(), partial);
  }

  private static @Nullable Extract sectionOf(
      Section.Kind kind, NewMessage message, MessageContent content) throws IOException {
    Section section = new Section(List.of(), kind, List.of());
    return section(new FetchItem.BodySection(true, section, null), message, content);
  }

  /**
   * A part's place in the message as clients see it. The prefix belongs to the message's own
   * header.
   */
  private record Place(long headerStart, long bodyStart, long bodyEnd) {
    static Place of(MimePart part, boolean root, MessageContent content) {
      int offset = content.blobOffset();
      return new Place(
          root ? 0 : offset + part.headerStart(),
          offset + part.bodyStart(),
          root ? content.size() : offset + part.bodyEnd());
    }
  }

  /** What a section is (RFC 9051 §6.4.5.1); null if the message has no such part. */
  static @Nullable Extract section(
      FetchItem.BodySection item, NewMessage message, MessageContent content) throws IOException {
    Section section = item.section();
    FetchItem.Partial partial = item.partial();
    MessageStructure structure = message.structure();
    MimePart part = structure.part(section.part());
    if (part == null) {
      return null;
    }
    boolean root = section.part().isEmpty();
    switch (section.kind()) {
      case ALL -> {
        Place place = Place.of(part, root, content);
        return root
            ? whole(content, partial)
            : Extract.range(content, place.bodyStart(), place.bodyEnd(), partial);
      }
      case MIME -> {
        // Part 1 of a message that is no multipart has the message's own header, all of it.
        boolean whole = part.equals(structure.part(List.of()));
        Place place = Place.of(part, whole, content);
        return Extract.range(content, place.headerStart(), place.bodyStart(), partial);
      }
      default -> {
        // Header and text are those of the message itself or of a message inside it.
        if (!root && !part.isMessage()) {
          return null;
        }
        Place place = Place.of(root ? part : part.children().getFirst(), root, content);
        return messageSection(section, place, content, partial);
      }
    }
  }

  private static Extract messageSection(
      Section section, Place place, MessageContent content, FetchItem.@Nullable Partial partial)
      throws IOException {
    return switch (section.kind()) {
      case HEADER -> Extract.range(content, place.headerStart(), place.bodyStart(), partial);
      case TEXT -> Extract.range(content, place.bodyStart(), place.bodyEnd(), partial);
      case HEADER_FIELDS, HEADER_FIELDS_NOT ->
          Extract.fields(
              content,
              place.headerStart(),
              place.bodyStart(),
              section.fields(),
              section.kind() == Section.Kind.HEADER_FIELDS_NOT,
              partial);
      case ALL, MIME -> throw new IllegalStateException("no section of a message");
    };
  }

  private static Step binary(FetchItem.Binary item, NewMessage message, MessageContent content)
      throws IOException, UnknownEncoding {
    Extract extract = decoded(item.part(), item.partial(), message, content);
    if (extract == null) {
      return out -> out.nil(item);
    }
    return extract.hasNul()
        ? out -> out.binary(item, extract.length(), extract.content())
        : out -> out.octets(item, extract.length(), extract.content());
  }

  private static Step binarySize(
      FetchItem.BinarySize item, NewMessage message, MessageContent content)
      throws IOException, UnknownEncoding {
    Extract extract = decoded(item.part(), null, message, content);
    long size = extract == null ? 0 : extract.length();
    return out -> out.binarySize(item, size);
  }

  /** A part with its transfer encoding undone; the whole message is as it is (RFC 3516 §4.3). */
  private static @Nullable Extract decoded(
      List<Integer> number,
      FetchItem.@Nullable Partial partial,
      NewMessage message,
      MessageContent content)
      throws IOException, UnknownEncoding {
    boolean nul = message.structure().hasNul();
    if (number.isEmpty()) {
      Extract whole = whole(content, partial);
      return nul ? whole.withNul() : whole;
    }
    MimePart part = message.structure().part(number);
    if (part == null) {
      return null;
    }
    Place place = Place.of(part, false, content);
    if (part.isMultipart() || part.isMessage()) {
      Extract whole = Extract.range(content, place.bodyStart(), place.bodyEnd(), partial);
      return nul ? whole.withNul() : whole;
    }
    if (!TransferDecoder.isKnown(part.encoding())) {
      throw new UnknownEncoding();
    }
    return Extract.decoded(content, place.bodyStart(), place.bodyEnd(), part.encoding(), partial);
  }
}
