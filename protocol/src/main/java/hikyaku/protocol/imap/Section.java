package hikyaku.protocol.imap;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A part of a message and what of it (RFC 9051 §6.4.5.1).
 *
 * @param part the path to the part, empty for the message itself
 * @param fields names of HEADER.FIELDS and HEADER.FIELDS.NOT as written, in octets; else empty
 */
public record Section(List<Integer> part, Kind kind, List<String> fields) {
  public Section {
    part = List.copyOf(part);
    fields = List.copyOf(fields);
  }

  public static final Section WHOLE = new Section(List.of(), Kind.ALL, List.of());

  /** What of the part. */
  public enum Kind {
    /** All of it: the message, or the part's body. */
    ALL(""),
    HEADER("HEADER"),
    HEADER_FIELDS("HEADER.FIELDS"),
    HEADER_FIELDS_NOT("HEADER.FIELDS.NOT"),
    TEXT("TEXT"),
    /** The part's own header; only with a path. */
    MIME("MIME");

    private final String wire;

    Kind(String wire) {
      this.wire = wire;
    }

    public String wire() {
      return wire;
    }
  }

  static String path(List<Integer> part) {
    return part.stream().map(String::valueOf).collect(Collectors.joining("."));
  }
}
