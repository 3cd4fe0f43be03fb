package hikyaku.protocol.mime;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Lets through the named fields of a header, or all but these, octet for octet with their folding,
 * and the empty line that ends it: {@code BODY[HEADER.FIELDS (...)]} and {@code .NOT} of RFC 9051
 * §6.4.5. Holds one field name at most, however large the header. A line that is no field counts as
 * a field without a name.
 *
 * <p>For the literal's length the header is passed twice, once into a sink that counts.
 */
public final class HeaderFieldFilter implements OctetSink {
  /** A longer name matches none that is asked for; a command line could not hold it. */
  private static final int LONGEST_NAME = 1000;

  private final OctetSink passed;
  private final Set<String> names;
  private final boolean not;
  private final LineSplitter splitter = new LineSplitter(new Lines());
  private final OctetBuffer beginning = new OctetBuffer(LONGEST_NAME);
  private boolean undecided = true; // whether this line passes is not known yet
  private boolean passing;

  private HeaderFieldFilter(OctetSink passed, Collection<String> names, boolean not) {
    this.passed = passed;
    this.names = names.stream().map(HeaderField::fold).collect(Collectors.toUnmodifiableSet());
    this.not = not;
    passing = not; // a continuation of nothing is no field either
  }

  /** Lets the named fields through; case does not count. */
  public static HeaderFieldFilter only(Collection<String> names, OctetSink passed) {
    return new HeaderFieldFilter(passed, names, false);
  }

  /** Lets all fields through but the named ones. */
  public static HeaderFieldFilter not(Collection<String> names, OctetSink passed) {
    return new HeaderFieldFilter(passed, names, true);
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    splitter.write(octets, offset, length);
  }

  /** Ends the header. To be called once. */
  public void finish() throws IOException {
    splitter.finish();
  }

  private final class Lines implements LineSplitter.Lines {
    @Override
    public void content(byte[] octets, int from, int to) throws IOException {
      if (!undecided) {
        pass(octets, from, to);
        return;
      }
      int size = beginning.size();
      boolean room = beginning.append(octets, from, to);
      if (!room || hasColon(size) || HeaderLine.isContinuation(beginning.array(), 1)) {
        int taken = beginning.size() - size;
        decide();
        pass(octets, from + taken, to);
      }
    }

    @Override
    public void end(byte[] ending) throws IOException {
      boolean empty = undecided && beginning.size() == 0;
      if (empty) {
        passing = true;
      } else if (undecided) {
        decide();
      }
      pass(ending, 0, ending.length);
      beginning.clear();
      undecided = true;
    }
  }

  private boolean hasColon(int from) {
    for (int at = from; at < beginning.size(); at++) {
      if (beginning.at(at) == ':') {
        return true;
      }
    }
    return false;
  }

  private void decide() throws IOException {
    undecided = false;
    byte[] line = beginning.array();
    int size = beginning.size();
    if (!HeaderLine.isContinuation(line, size)) {
      int length = Math.max(0, HeaderLine.nameLength(line, size));
      String name = new String(line, 0, length, StandardCharsets.ISO_8859_1);
      passing = names.contains(HeaderField.fold(name)) != not;
    }
    pass(line, 0, size);
  }

  private void pass(byte[] octets, int from, int to) throws IOException {
    if (passing && from < to) {
      passed.write(octets, from, to - from);
    }
  }
}
