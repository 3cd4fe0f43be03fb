package hikyaku.systemtests.chaos;

/** A message by its number, from which its octets follow. */
final class Token {
  private static final String FIELD = "X-Number: ";
  private static final int LARGE_EVERY = 41;

  private Token() {}

  static String text(int number) {
    StringBuilder text = new StringBuilder();
    text.append("From: chaos@demo.test\r\nTo: you@demo.test\r\nSubject: number ")
        .append(number)
        .append("\r\nMessage-ID: <")
        .append(number)
        .append("@chaos.test>\r\n")
        .append(FIELD)
        .append(number)
        .append("\r\n\r\n");
    int lines = number % LARGE_EVERY == 0 ? 3_000 : number % 40;
    for (int i = 0; i < lines; i++) {
      if (i % 5 == 3) {
        text.append('.');
      }
      text.append("line ").append(i).append(" of ").append(number * 31L).append("\r\n");
    }
    return text.toString();
  }

  /** The number of a message, or of a header. */
  static int of(String text) {
    int at = text.indexOf(FIELD);
    Finding.unless(at >= 0, "not one of ours: " + text.substring(0, Math.min(300, text.length())));
    int from = at + FIELD.length();
    return Integer.parseInt(text.substring(from, text.indexOf("\r\n", from)));
  }

  /** The number of a message whose octets are what was sent, behind fields that delivery added. */
  static int checked(String text) {
    int number = of(text);
    Finding.unless(
        text.endsWith(text(number)),
        "the octets of number " + number + " (" + text.length() + ") are not what was sent");
    return number;
  }
}
