package hikyaku.protocol.mime;

/** What one line of a header is. One place decides it for every reader of headers. */
final class HeaderLine {
  private HeaderLine() {}

  /**
   * The length of the field name a line starts with, or -1 if it starts no field. A name is of
   * visible octets other than the colon (RFC 5322 §2.2); 8-bit ones are let pass; white space may
   * stand before the colon (§4.5).
   */
  static int nameLength(byte[] line, int length) {
    int name = 0;
    while (name < length && isNameOctet(line[name])) {
      name++;
    }
    int colon = name;
    while (colon < length && isSpace(line[colon])) {
      colon++;
    }
    return name > 0 && colon < length && line[colon] == ':' ? name : -1;
  }

  /** True if the line goes on with the field before it (RFC 5322 §2.2.3). */
  static boolean isContinuation(byte[] line, int length) {
    return length > 0 && isSpace(line[0]);
  }

  /** True for the line that mbox files put before a message. */
  static boolean isMboxSeparator(byte[] line, int length) {
    int start = length > 0 && line[0] == '>' ? 1 : 0;
    return length >= start + 5
        && line[start] == 'F'
        && line[start + 1] == 'r'
        && line[start + 2] == 'o'
        && line[start + 3] == 'm'
        && line[start + 4] == ' ';
  }

  static boolean isSpace(int octet) {
    return octet == ' ' || octet == '\t';
  }

  private static boolean isNameOctet(byte octet) {
    return octet < 0 || (octet > ' ' && octet < 127 && octet != ':');
  }
}
