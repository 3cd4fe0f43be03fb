package hikyaku.systemtests.stress;

import java.util.Random;

/** Messages whose octets follow from their names. */
final class Texts {
  private Texts() {}

  /** A message of 100 octets to 20 kB, now and then of 300 kB, which the store keeps in pieces. */
  static String of(String name) {
    Random random = new Random(name.hashCode());
    int lines = random.nextInt(20) == 0 ? 5_000 : 1 + random.nextInt(random.nextInt(320) + 1);
    StringBuilder text = new StringBuilder("Subject: " + name + "\r\n\r\n");
    for (int i = 0; i < lines; i++) {
      text.append("%032x%032x\r\n".formatted(random.nextLong(), random.nextLong()), 0, 64)
          .append("\r\n");
    }
    return text.toString();
  }

  /** The name of a message, with or without fields in front of its own. */
  static String name(String message) {
    int at = message.indexOf("Subject: ");
    if (at < 0) {
      throw new AssertionError("a message without its name: " + message);
    }
    return message.substring(at + "Subject: ".length(), message.indexOf("\r\n", at));
  }

  /** Fails unless these are the octets that were sent, behind fields that delivery added. */
  static String checked(String message) {
    String name = name(message);
    if (!message.endsWith(of(name))) {
      throw new AssertionError(name + " is not what was sent: " + message);
    }
    return name;
  }
}
