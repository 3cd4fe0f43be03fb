package hikyaku.server.auth;

import hikyaku.server.auth.proto.ExchangeRecord;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** CRAM-MD5 (RFC 2195): the server speaks first. */
final class CramMd5Exchange extends Exchange {
  private final byte[] challenge;
  private final Passwords passwords;

  /**
   * An exchange with this challenge.
   *
   * @param challenge in the form of a Message-ID, used for this login alone
   */
  CramMd5Exchange(AuthContext context, Judge judge, Passwords passwords, String challenge) {
    super(context, Mechanism.CRAM_MD5, judge);
    this.passwords = passwords;
    this.challenge = Crypto.ascii(challenge);
  }

  @Override
  Step first(byte @Nullable [] initialResponse) {
    return initialResponse == null ? new Step.Challenge(challenge.clone()) : malformed();
  }

  @Override
  void save(ExchangeRecord.Builder record) {
    record.setMadeUp(new String(challenge, StandardCharsets.US_ASCII));
  }

  /** {@code user SP digest}; the user name may hold spaces. */
  @Override
  Step next(byte[] response) {
    Optional<String> text = utf8(response, 0, response.length);
    int space = text.map(t -> t.lastIndexOf(' ')).orElse(-1);
    if (text.isEmpty() || space < 1) {
      return malformed();
    }
    Optional<byte[]> digest = SharedSecretProof.hexDigest(text.get().substring(space + 1));
    if (digest.isEmpty()) {
      return malformed();
    }
    return judged(
        text.get().substring(0, space),
        "",
        new SharedSecretProof(
            digest.get(), passwords, secret -> Crypto.hmacMd5(secret, challenge)));
  }
}
