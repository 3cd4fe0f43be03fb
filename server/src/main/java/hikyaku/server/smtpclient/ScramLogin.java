package hikyaku.server.smtpclient;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.text.Normalizer;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The client's side of SCRAM-SHA-256 (RFC 5802 §3, RFC 7677), without channel binding. The other
 * side never has the password, and proves that it knew it. For one login.
 */
final class ScramLogin {
  static final String NAME = "SCRAM-SHA-256";

  /** RFC 7677 §4: a server that wants less makes the password easy to find. */
  static final int LEAST_ITERATIONS = 4096;

  /** No server makes us compute for longer than about a second. */
  static final int MOST_ITERATIONS = 1_000_000;

  private static final int KEY_BITS = 256;

  /** That we do not bind the channel, and act for nobody else. */
  private static final String HEADER = "n,,";

  private static final Pattern SERVER_FIRST =
      Pattern.compile(
          "r=([!-+\\--~]{1,500}),s=([A-Za-z0-9+/=]{4,500}),i=([1-9][0-9]{0,8})(?:,.*)?");

  private final String password;
  private final String nonce;
  private final String bare;
  private String proof = "";

  /**
   * @param nonce printable ASCII without a comma, never used before
   */
  ScramLogin(Hop.Login login, String nonce) {
    // Of SASLprep (RFC 4013), what matters to passwords that people type.
    this.password = Normalizer.normalize(login.password(), Normalizer.Form.NFKC);
    this.nonce = nonce;
    this.bare = "n=" + login.user().replace("=", "=3D").replace(",", "=2C") + ",r=" + nonce;
  }

  /** {@code client-first-message}. */
  String first() {
    return HEADER + bare;
  }

  /**
   * {@code client-final-message}.
   *
   * @param serverFirst what the server answered to {@link #first}
   * @throws Odd if that makes no sense, or asks too much or too little
   */
  String last(String serverFirst) throws Odd {
    Matcher parts = SERVER_FIRST.matcher(serverFirst);
    if (!parts.matches()) {
      throw new Odd("its challenge makes no sense");
    }
    String whole = parts.group(1);
    int iterations = Integer.parseInt(parts.group(3));
    if (!whole.startsWith(nonce) || whole.length() == nonce.length()) {
      throw new Odd("its nonce does not go on from ours");
    }
    if (iterations < LEAST_ITERATIONS || iterations > MOST_ITERATIONS) {
      throw new Odd("it wants " + iterations + " iterations");
    }
    try {
      byte[] salted =
          SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
              .generateSecret(
                  new PBEKeySpec(
                      password.toCharArray(),
                      Base64.getDecoder().decode(parts.group(2)),
                      iterations,
                      KEY_BITS))
              .getEncoded();
      String withoutProof = "c=" + base64(HEADER.getBytes(UTF_8)) + ",r=" + whole;
      String all = bare + "," + serverFirst + "," + withoutProof;
      byte[] clientKey = hmac(salted, "Client Key");
      byte[] signature = hmac(MessageDigest.getInstance("SHA-256").digest(clientKey), all);
      byte[] ours = new byte[clientKey.length];
      for (int i = 0; i < ours.length; i++) {
        ours[i] = (byte) (clientKey[i] ^ signature[i]);
      }
      proof = "v=" + base64(hmac(hmac(salted, "Server Key"), all));
      return withoutProof + ",p=" + base64(ours);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new Odd("its challenge cannot be used: " + e.getMessage());
    }
  }

  /** Whether the server has shown that it knows the password ({@code server-final-message}). */
  boolean isProven(String serverFinal) {
    return !proof.isEmpty()
        && MessageDigest.isEqual(proof.getBytes(UTF_8), serverFinal.getBytes(UTF_8));
  }

  /** The server says what it must not. */
  static final class Odd extends Exception {
    Odd(String message) {
      super(message);
    }
  }

  private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(UTF_8));
  }

  private static String base64(byte[] octets) {
    return Base64.getEncoder().encodeToString(octets);
  }
}
