package hikyaku.protocol.imap;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What FETCH asks of a message (RFC 9051 §6.4.5). */
public sealed interface FetchItem {
  /** Items without arguments. */
  enum Plain implements FetchItem {
    ENVELOPE("ENVELOPE"),
    FLAGS("FLAGS"),
    INTERNALDATE("INTERNALDATE"),
    RFC822("RFC822"),
    RFC822_HEADER("RFC822.HEADER"),
    RFC822_SIZE("RFC822.SIZE"),
    RFC822_TEXT("RFC822.TEXT"),
    /** BODY without a section: the structure without extension data. */
    BODY("BODY"),
    BODYSTRUCTURE("BODYSTRUCTURE"),
    UID("UID"),
    MODSEQ("MODSEQ"),
    /** RFC 8514. */
    SAVEDATE("SAVEDATE"),
    /** RFC 8970; its LAZY says nothing to a server that has all previews. */
    PREVIEW("PREVIEW"),
    /** RFC 8474. */
    EMAILID("EMAILID"),
    THREADID("THREADID");

    private final String wire;

    Plain(String wire) {
      this.wire = wire;
    }

    public String wire() {
      return wire;
    }
  }

  /**
   * {@code <offset.length>}.
   *
   * @param offset octets, may lie behind the end
   * @param length octets, at least 1
   */
  record Partial(long offset, long length) {}

  /** BODY[...] and, with {@code peek}, BODY.PEEK[...]. */
  record BodySection(boolean peek, Section section, @Nullable Partial partial)
      implements FetchItem {}

  /**
   * BINARY[...] and BINARY.PEEK[...] (RFC 3516).
   *
   * @param part empty for the whole message
   */
  record Binary(boolean peek, List<Integer> part, @Nullable Partial partial) implements FetchItem {
    public Binary {
      part = List.copyOf(part);
    }
  }

  /** BINARY.SIZE[...]. */
  record BinarySize(List<Integer> part) implements FetchItem {
    public BinarySize {
      part = List.copyOf(part);
    }
  }
}
