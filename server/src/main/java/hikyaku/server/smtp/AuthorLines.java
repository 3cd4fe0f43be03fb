package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.protocol.wire.OctetSink;
import java.io.ByteArrayOutputStream;
import java.util.Locale;
import java.util.Set;

/**
 * Keeps of a header what tells whom it is from: some fields, and of others that they stand there.
 * Lines end with CRLF alone, as they do in all that users submit.
 */
final class AuthorLines implements OctetSink {
  private static final byte[] NO_VALUE = {':', '\r', '\n'};

  private final Set<String> whole;
  private final Set<String> named;
  private final int longestName;
  private final int limit;
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
  private final StringBuilder name = new StringBuilder();
  private Place place = Place.LINE_START;
  private boolean keeping;

  private enum Place {
    LINE_START,
    NAME,
    /** White space between name and colon (RFC 5322 §4.5), of any length. */
    AFTER_NAME,
    REST
  }

  /**
   * @param whole fields that are kept with their values, in small letters
   * @param named those whose names are kept, in small letters
   * @param limit octets that are kept; one more shows that there were more
   */
  AuthorLines(Set<String> whole, Set<String> named, int limit) {
    this.whole = whole;
    this.named = named;
    this.limit = limit;
    longestName =
        Math.max(
            whole.stream().mapToInt(String::length).max().orElse(0),
            named.stream().mapToInt(String::length).max().orElse(0));
  }

  boolean isTooLong() {
    return kept.size() > limit;
  }

  /** The fields, as a header. */
  byte[] kept() {
    return kept.toByteArray();
  }

  @Override
  public void write(byte[] octets, int offset, int length) {
    for (int at = offset; at < offset + length && !isTooLong(); at++) {
      take(octets[at]);
    }
  }

  private void take(byte octet) {
    switch (place) {
      case LINE_START -> start(octet);
      case NAME -> name(octet);
      case AFTER_NAME -> afterName(octet);
      case REST -> rest(octet);
    }
  }

  private void start(byte octet) {
    if (isSpace(octet)) {
      place = Place.REST; // goes on with the field before it
      rest(octet);
      return;
    }
    keeping = false;
    name.setLength(0);
    place = Place.NAME;
    name(octet);
  }

  private void name(byte octet) {
    if (octet == ':' || isSpace(octet)) {
      place = Place.AFTER_NAME;
      afterName(octet);
    } else if (octet == '\n' || name.length() == longestName) {
      pass(octet);
    } else {
      name.append((char) (octet & 0xff));
    }
  }

  private void afterName(byte octet) {
    if (octet == ':') {
      field();
      place = Place.REST;
    } else if (!isSpace(octet)) {
      pass(octet);
    }
  }

  /** The line is no field, or none of these. */
  private void pass(byte octet) {
    place = Place.REST;
    rest(octet);
  }

  private void field() {
    String folded = name.toString().toLowerCase(Locale.ROOT);
    keeping = whole.contains(folded);
    if (keeping || named.contains(folded)) {
      kept.writeBytes(name.toString().getBytes(ISO_8859_1));
    }
    if (keeping) {
      kept.write(':');
    } else if (named.contains(folded)) {
      kept.writeBytes(NO_VALUE);
    }
  }

  private void rest(byte octet) {
    if (keeping) {
      kept.write(octet);
    }
    if (octet == '\n') {
      place = Place.LINE_START;
    }
  }

  private static boolean isSpace(byte octet) {
    return octet == ' ' || octet == '\t';
  }
}
