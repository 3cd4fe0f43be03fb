package hikyaku.server.auth;

import hikyaku.server.auth.SaslExchange.Step;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** The client's side of SCRAM-SHA-256, written apart from the server's and on other primitives. */
final class ScramClient {
  private final String gs2Header;
  private final byte[] binding;
  private final String bare;
  private final String nonce;
  private final String password;
  String serverFirst = "";
  private byte[] serverSignature = new byte[0];

  ScramClient(String gs2Header, byte[] binding, String user, String nonce, String password) {
    this.gs2Header = gs2Header;
    this.binding = binding;
    this.nonce = nonce;
    this.password = password;
    this.bare = "n=" + user + ",r=" + nonce;
  }

  byte[] first() {
    return AuthRig.utf8(gs2Header + bare);
  }

  byte[] last(byte[] challenge) throws GeneralSecurityException {
    serverFirst = new String(challenge, StandardCharsets.UTF_8);
    String[] parts = serverFirst.split(",", 3);
    String fullNonce = parts[0].substring(2);
    if (!fullNonce.startsWith(nonce) || fullNonce.length() <= nonce.length()) {
      throw new AssertionError("server nonce: " + serverFirst);
    }
    byte[] salt = Base64.getDecoder().decode(parts[1].substring(2));
    int iterations = Integer.parseInt(parts[2].substring(2));
    byte[] salted =
        SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
            .generateSecret(new PBEKeySpec(password.toCharArray(), salt, iterations, 256))
            .getEncoded();
    byte[] clientKey = hmac(salted, "Client Key");
    byte[] header = AuthRig.utf8(gs2Header);
    byte[] cbind = new byte[header.length + binding.length];
    System.arraycopy(header, 0, cbind, 0, header.length);
    System.arraycopy(binding, 0, cbind, header.length, binding.length);
    String withoutProof = "c=" + Base64.getEncoder().encodeToString(cbind) + ",r=" + fullNonce;
    String authMessage = bare + "," + serverFirst + "," + withoutProof;
    byte[] signature = hmac(MessageDigest.getInstance("SHA-256").digest(clientKey), authMessage);
    for (int i = 0; i < clientKey.length; i++) {
      clientKey[i] ^= signature[i];
    }
    serverSignature = hmac(hmac(salted, "Server Key"), authMessage);
    return AuthRig.utf8(withoutProof + ",p=" + Base64.getEncoder().encodeToString(clientKey));
  }

  String expectedServerFinal() {
    return "v=" + Base64.getEncoder().encodeToString(serverSignature);
  }

  private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(AuthRig.utf8(text));
  }

  /** Runs the whole exchange; checks the server's signature before taking the success. */
  LoginResult run(SaslExchange exchange) throws GeneralSecurityException {
    return switch (exchange.begin(first())) {
      case Step.Done(LoginResult early) -> early;
      case Step.Challenge(byte[] challenge) ->
          switch (exchange.respond(last(challenge))) {
            case Step.Done(LoginResult refused) -> refused;
            case Step.Challenge(byte[] serverFinal) -> {
              String text = new String(serverFinal, StandardCharsets.UTF_8);
              if (!text.equals(expectedServerFinal())) {
                throw new AssertionError("server signature: " + text);
              }
              yield ((Step.Done) exchange.respond(new byte[0])).result();
            }
          };
    };
  }
}
