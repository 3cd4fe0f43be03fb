package hikyaku.protocol.wire;

import java.nio.charset.StandardCharsets;

/**
 * What {@link WireReader} should do, written over the whole input as a string with one character an
 * octet, where it is easy to see.
 */
final class NaiveReader {
  private String rest;

  NaiveReader(byte[] input) {
    rest = new String(input, StandardCharsets.ISO_8859_1);
  }

  /** The line, or the simple name of the exception. */
  String line(int limit, WireReader.LineEnding ending) {
    int lineFeed = rest.indexOf('\n');
    if (lineFeed < 0) {
      String name = rest.isEmpty() ? "End" : "Truncated";
      rest = "";
      return name;
    }
    String line = rest.substring(0, lineFeed);
    rest = rest.substring(lineFeed + 1);
    boolean endedByCrLf = line.endsWith("\r");
    if (endedByCrLf) {
      line = line.substring(0, line.length() - 1);
    }
    if (line.length() > limit) {
      return "LineTooLong";
    }
    if (ending == WireReader.LineEnding.STRICT && (!endedByCrLf || line.contains("\r"))) {
      return "BareLineEnding";
    }
    return "<" + line + ">";
  }

  String counted(int count) {
    if (rest.length() < count) {
      rest = "";
      return "Truncated";
    }
    String taken = rest.substring(0, count);
    rest = rest.substring(count);
    return "<" + taken + ">";
  }

  String dotted() {
    String framed = "\r\n" + rest;
    int end = framed.indexOf("\r\n.\r\n");
    if (end < 0) {
      rest = "";
      return "Truncated";
    }
    rest = framed.substring(end + 5);
    if (end == 0) {
      return describe("", false, 0);
    }
    StringBuilder text = new StringBuilder();
    boolean bare = false;
    int longest = 0;
    for (String stuffed : framed.substring(2, end).split("\r\n", -1)) {
      String line = stuffed.startsWith(".") ? stuffed.substring(1) : stuffed;
      bare |= line.contains("\r") || line.contains("\n");
      longest = Math.max(longest, line.length());
      text.append(line).append("\r\n");
    }
    return describe(text.toString(), bare, longest);
  }

  static String describe(String text, boolean bare, int longest) {
    return "<" + text + "> " + text.length() + (bare ? " bare " : " clean ") + longest;
  }

  int left() {
    return rest.length();
  }
}
