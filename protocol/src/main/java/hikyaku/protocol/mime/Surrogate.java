package hikyaku.protocol.mime;

import hikyaku.protocol.wire.OctetSink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An internationalized message (RFC 6532) as readers get it who know of ASCII headers alone (RFC
 * 6857): the fields of its header, and of those of all its parts, are in ASCII, with as much of
 * what they said as there is a form for. All the rest stays, octet for octet; so do messages of
 * type message/global (RFC 6532 §3.7), which such readers take for files.
 *
 * <p>Signatures over what changes do not hold any more (RFC 6857 §5).
 *
 * <p>Holds one header at most. In one that is longer than {@value #LONGEST_HEADER} octets, {@code
 * ?} stands for each octet above 127.
 */
public final class Surrogate {
  private static final int LONGEST_HEADER = 256 * 1024;

  /** Octets {@code from} (inclusive) to {@code to} (exclusive) of the message. */
  @FunctionalInterface
  public interface Source {
    void copy(long from, long to, OctetSink sink) throws IOException;
  }

  private record Header(long from, long to) {}

  /** There is no header any more. */
  private static final Header END = new Header(Long.MAX_VALUE, Long.MAX_VALUE);

  private final List<Header> headers;
  private final long size;

  private Surrogate(List<Header> headers, long size) {
    this.headers = headers;
    this.size = size;
  }

  /**
   * Looks at the headers of a message.
   *
   * @param structure of what follows the prefix
   * @param prefix octets before it, which are fields of its header
   * @return empty if they are in ASCII
   */
  public static Optional<Surrogate> of(MessageStructure structure, int prefix, Source source)
      throws IOException {
    List<Header> headers = new ArrayList<>();
    MimePart root = structure.root();
    headers.add(new Header(0, prefix + root.bodyStart()));
    inside(root, prefix, headers);
    long size = prefix + structure.size();
    boolean changed = false;
    for (Header header : headers) {
      Gathering gathering = new Gathering(header);
      source.copy(header.from, header.to, gathering);
      changed |= gathering.beyondAscii;
      size += gathering.rewritten().length - gathering.octets.size();
    }
    return changed ? Optional.of(new Surrogate(headers, size)) : Optional.empty();
  }

  private static void inside(MimePart part, int prefix, List<Header> headers) {
    boolean opaque =
        !List.of("7bit", "8bit", "binary").contains(part.encoding())
            || (part.type().equals("message") && !part.subtype().equals("rfc822"));
    if (opaque) {
      return;
    }
    for (MimePart child : part.children()) {
      if (child.bodyStart() > child.headerStart()) {
        headers.add(new Header(prefix + child.headerStart(), prefix + child.bodyStart()));
      }
      inside(child, prefix, headers);
    }
  }

  /** Its octets, all together. */
  public long size() {
    return size;
  }

  /** Takes the octets of the message, from the first one on, and passes on those of this. */
  public OctetSink through(OctetSink out) {
    return new Through(out);
  }

  /** A header being read. */
  private static final class Gathering implements OctetSink {
    final ByteArrayOutputStream octets = new ByteArrayOutputStream();
    final boolean tooLong;
    boolean beyondAscii;

    Gathering(Header header) {
      tooLong = header.to - header.from > LONGEST_HEADER;
    }

    @Override
    public void write(byte[] from, int offset, int length) {
      for (int at = offset; at < offset + length; at++) {
        beyondAscii |= from[at] < 0;
      }
      if (!tooLong) {
        octets.write(from, offset, length);
      }
    }

    byte[] rewritten() {
      return AsciiFields.rewritten(octets.toByteArray());
    }
  }

  private final class Through implements OctetSink {
    private final OctetSink out;
    private long position;
    private int next;
    private @Nullable Gathering gathering;

    Through(OctetSink out) {
      this.out = out;
    }

    @Override
    public void write(byte[] octets, int offset, int length) throws IOException {
      int at = offset;
      while (at < offset + length) {
        Header header = next < headers.size() ? headers.get(next) : END;
        boolean within = position >= header.from;
        long end = within ? header.to : header.from;
        int some = (int) Math.min(end - position, offset + length - at);
        if (within) {
          gather(header, octets, at, some);
        } else {
          out.write(octets, at, some);
        }
        position += some;
        at += some;
        if (position == header.to) {
          next++;
          ended();
        }
      }
    }

    private void gather(Header header, byte[] octets, int offset, int length) throws IOException {
      if (gathering == null) {
        gathering = new Gathering(header);
      }
      if (!gathering.tooLong) {
        gathering.write(octets, offset, length);
        return;
      }
      byte[] blurred = new byte[length];
      for (int i = 0; i < length; i++) {
        blurred[i] = octets[offset + i] < 0 ? (byte) '?' : octets[offset + i];
      }
      out.write(blurred, 0, length);
    }

    private void ended() throws IOException {
      if (gathering != null && !gathering.tooLong) {
        byte[] rewritten = gathering.rewritten();
        out.write(rewritten, 0, rewritten.length);
      }
      gathering = null;
    }
  }
}
