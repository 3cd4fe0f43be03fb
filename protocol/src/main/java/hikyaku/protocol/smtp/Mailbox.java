package hikyaku.protocol.smtp;

/**
 * An address (RFC 5321 §4.1.2).
 *
 * @param localPart what it means, without quoting; case as sent
 * @param domain a name, or an address literal with its brackets; case as sent
 */
public record Mailbox(String localPart, String domain) implements ReversePath, ForwardPath {
  /** Octets; RFC 5321 §4.5.3.1.1 asks for 64, bounce addresses that hold an address need more. */
  public static final int MAX_LOCAL_PART = 256;

  /** Octets (RFC 5321 §4.5.3.1.2). */
  public static final int MAX_DOMAIN = 255;

  public boolean isLiteral() {
    return domain.startsWith("[");
  }

  /** Whether it can be written without SMTPUTF8 (RFC 6531). */
  public boolean isAscii() {
    return Ascii.isAscii(localPart) && Ascii.isAscii(domain);
  }

  /** As written between the angle brackets, quoted where it must be. */
  @Override
  public String toString() {
    return written(localPart) + "@" + domain;
  }

  private static String written(String localPart) {
    if (isDotString(localPart)) {
      return localPart;
    }
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < localPart.length(); i++) {
      char c = localPart.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\');
      }
      quoted.append(c);
    }
    return quoted.append('"').toString();
  }

  private static boolean isDotString(String text) {
    return !text.isEmpty()
        && !text.startsWith(".")
        && !text.endsWith(".")
        && !text.contains("..")
        && text.chars().allMatch(c -> c == '.' || c >= 128 || Ascii.isAtext(c));
  }
}
