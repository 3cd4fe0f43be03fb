package hikyaku.server.foreign;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Base64;

/**
 * What is shown to log in.
 *
 * @param user who proves it: the user, or the master user for them
 * @param password UTF-8
 */
record Secrets(String user, byte[] password) {
  /** Whether both can be said in one line each. */
  boolean areUsable() {
    return !user.isEmpty()
        && user.chars().noneMatch(c -> c == 0 || c == '\r' || c == '\n')
        && password.length > 0
        && password.length <= 512;
  }

  /** Whether the password has neither line ends nor what ends a text. */
  boolean isOneLine() {
    for (byte octet : password) {
      if (octet == 0 || octet == '\r' || octet == '\n') {
        return false;
      }
    }
    return true;
  }

  /** The message of PLAIN (RFC 4616 §2) in base64. */
  byte[] plain() {
    byte[] name = user.getBytes(UTF_8);
    byte[] message = new byte[name.length + password.length + 2];
    System.arraycopy(name, 0, message, 1, name.length);
    System.arraycopy(password, 0, message, name.length + 2, password.length);
    byte[] encoded = Base64.getEncoder().encode(message);
    Arrays.fill(message, (byte) 0);
    return encoded;
  }

  @Override
  public String toString() {
    return "Secrets[" + user + "]";
  }
}
