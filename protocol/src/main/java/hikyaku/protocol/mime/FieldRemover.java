package hikyaku.protocol.mime;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Lets a message through without some fields of its header, octet for octet otherwise. Holds a
 * field name at most. Where the header ends is as {@link MimeParser} has it, at an empty line, or
 * at once if the first line is no field; but a first line that is longer than any name to take away
 * counts as one.
 */
public final class FieldRemover implements OctetSink {
  private final OctetSink passed;
  private final Set<String> names;
  private final byte[] held;
  private int count;
  private State state = State.LINE_START;
  private boolean removing;

  /** Whether there was a line of the header. */
  private boolean begun;

  private enum State {
    /** The beginning of a line of the header is being gathered. */
    LINE_START,
    /** The rest of a line passes, or does not. */
    LINE_REST,
    BODY
  }

  /**
   * @param names of fields to take away; case does not count
   */
  public FieldRemover(Collection<String> names, OctetSink passed) {
    this(names, passed, false);
  }

  /**
   * @param within whether what comes is the rest of a header, and what is behind it
   */
  public FieldRemover(Collection<String> names, OctetSink passed, boolean within) {
    this.passed = passed;
    this.begun = within;
    this.names = names.stream().map(HeaderField::fold).collect(Collectors.toUnmodifiableSet());
    int longest = names.stream().mapToInt(String::length).max().orElse(0);
    // White space may stand before the colon.
    this.held = new byte[longest + 8];
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    int end = offset + length;
    int at = offset;
    while (at < end) {
      at =
          switch (state) {
            case BODY -> pass(octets, at, end);
            case LINE_REST -> rest(octets, at, end);
            case LINE_START -> start(octets[at], at);
          };
    }
  }

  /** What was held back at the end of a message without a body goes through. */
  public void finish() throws IOException {
    release();
  }

  private int pass(byte[] octets, int from, int to) throws IOException {
    passed.write(octets, from, to - from);
    return to;
  }

  private int rest(byte[] octets, int from, int end) throws IOException {
    int to = from;
    while (to < end && octets[to] != '\n') {
      to++;
    }
    boolean ended = to < end;
    to = ended ? to + 1 : to;
    if (!removing) {
      pass(octets, from, to);
    }
    state = ended ? State.LINE_START : state;
    return to;
  }

  private int start(byte octet, int at) throws IOException {
    held[count++] = octet;
    if (count == 1 && (octet == ' ' || octet == '\t')) {
      line(removing);
    } else if (octet == ':') {
      line(isNamed(count - 1));
    } else if (octet == '\n') {
      boolean empty = count == 1 || (count == 2 && held[0] == '\r');
      boolean header = !empty && (begun || HeaderLine.isMboxSeparator(held, count));
      line(false);
      state = header ? State.LINE_START : State.BODY;
    } else if (count == held.length) {
      // Longer than any name to take away; whether it is a field at all does not matter here. What
      // has such a name, and much white space behind it, is one, or is of no use.
      line(isNamed(count));
    }
    return at + 1;
  }

  private boolean isNamed(int end) {
    int length = end;
    while (length > 0 && (held[length - 1] == ' ' || held[length - 1] == '\t')) {
      length--;
    }
    String name = new String(held, 0, length, java.nio.charset.StandardCharsets.ISO_8859_1);
    return names.contains(HeaderField.fold(name));
  }

  /** What this line is has become clear. */
  private void line(boolean remove) throws IOException {
    begun = true;
    removing = remove;
    if (remove) {
      count = 0;
    } else {
      release();
    }
    state = State.LINE_REST;
  }

  private void release() throws IOException {
    int length = count;
    count = 0;
    if (length > 0) {
      passed.write(held, 0, length);
    }
  }
}
