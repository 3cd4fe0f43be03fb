package hikyaku.server.auth;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** PLAIN (RFC 4616): {@code message = [authzid] UTF8NUL authcid UTF8NUL passwd}. */
final class PlainExchange extends Exchange {
  private final Function<byte[], Proof> proof;

  PlainExchange(AuthContext context, Judge judge, Function<byte[], Proof> proof) {
    super(context, Mechanism.PLAIN, judge);
    this.proof = proof;
  }

  @Override
  Step first(byte @Nullable [] initialResponse) {
    return initialResponse == null ? new Step.Challenge(new byte[0]) : next(initialResponse);
  }

  @Override
  Step next(byte[] message) {
    int one = indexOfNul(message, 0);
    int two = one < 0 ? -1 : indexOfNul(message, one + 1);
    if (two < 0
        || indexOfNul(message, two + 1) >= 0
        || two == one + 1
        || two + 1 == message.length) {
      return malformed();
    }
    Optional<String> authzid = utf8(message, 0, one);
    Optional<String> authcid = utf8(message, one + 1, two);
    if (authzid.isEmpty() || authcid.isEmpty()) {
      return malformed();
    }
    byte[] passwd = Arrays.copyOfRange(message, two + 1, message.length);
    try {
      return judged(authcid.get(), authzid.get(), proof.apply(passwd));
    } finally {
      Crypto.wipe(passwd);
    }
  }

  private static int indexOfNul(byte[] message, int from) {
    for (int i = from; i < message.length; i++) {
      if (message[i] == 0) {
        return i;
      }
    }
    return -1;
  }
}
