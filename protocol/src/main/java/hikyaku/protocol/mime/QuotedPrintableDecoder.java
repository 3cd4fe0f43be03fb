package hikyaku.protocol.mime;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;

/**
 * Quoted-printable (RFC 2045 §6.7). White space at the end of a line goes (rule 3); an equals sign
 * that starts neither two hexadecimal digits nor a soft line break stands for itself.
 */
final class QuotedPrintableDecoder extends TransferDecoder {
  /** A longer run of white space is not held back, whatever follows it. */
  private static final int LONGEST_SPACE = 998;

  private enum State {
    TEXT,
    EQUALS,
    DIGIT,
    /** White space after an equals sign: a soft line break if the line ends with it. */
    SOFT_SPACE,
    SOFT_CR
  }

  private final byte[] space = new byte[LONGEST_SPACE];
  private int spaces;
  private State state = State.TEXT;
  private int high;
  private byte highOctet;

  QuotedPrintableDecoder(OctetSink decoded) {
    super(decoded);
  }

  @Override
  void octet(byte octet) throws IOException {
    switch (state) {
      case TEXT -> text(octet);
      case EQUALS -> afterEquals(octet);
      case DIGIT -> {
        int low = Character.digit((char) (octet & 0xff), 16);
        state = State.TEXT;
        if (low >= 0) {
          put(high << 4 | low);
        } else {
          damage();
          put('=');
          put(highOctet);
          text(octet);
        }
      }
      case SOFT_SPACE -> {
        if (octet == '\r') {
          spaces = 0;
          state = State.SOFT_CR;
        } else if (octet == '\n') {
          spaces = 0;
          state = State.TEXT;
        } else if (HeaderLine.isSpace(octet)) {
          hold(octet);
        } else {
          strayEquals(octet);
        }
      }
      case SOFT_CR -> {
        state = State.TEXT;
        if (octet != '\n') {
          text(octet);
        }
      }
    }
  }

  private void text(byte octet) throws IOException {
    if (octet == ' ' || octet == '\t') {
      hold(octet);
      return;
    }
    if (octet == '\r' || octet == '\n') {
      spaces = 0;
      put(octet);
      return;
    }
    giveSpace();
    if (octet == '=') {
      state = State.EQUALS;
      return;
    }
    if (octet < ' ' || octet == 127) {
      damage(); // 8-bit octets are negative here, and no more allowed than controls
    }
    put(octet);
  }

  private void afterEquals(byte octet) throws IOException {
    int digit = Character.digit((char) (octet & 0xff), 16);
    if (digit >= 0) {
      high = digit;
      highOctet = octet;
      state = State.DIGIT;
    } else if (octet == '\r') {
      state = State.SOFT_CR;
    } else if (octet == '\n') {
      state = State.TEXT;
    } else if (HeaderLine.isSpace(octet)) {
      hold(octet);
      state = State.SOFT_SPACE;
    } else {
      strayEquals(octet);
    }
  }

  private void strayEquals(byte octet) throws IOException {
    damage();
    put('=');
    state = State.TEXT;
    text(octet);
  }

  private void hold(byte octet) throws IOException {
    if (spaces == space.length) {
      if (state == State.SOFT_SPACE) {
        damage();
        put('=');
        state = State.TEXT;
      }
      giveSpace();
    }
    space[spaces++] = octet;
  }

  private void giveSpace() throws IOException {
    for (int at = 0; at < spaces; at++) {
      put(space[at]);
    }
    spaces = 0;
  }

  @Override
  void end() throws IOException {
    switch (state) {
      case DIGIT -> {
        damage();
        put('=');
        put(highOctet);
      }
      case TEXT, EQUALS, SOFT_SPACE, SOFT_CR -> {} // a last soft break joins nothing
    }
  }
}
