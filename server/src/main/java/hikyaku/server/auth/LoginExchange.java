package hikyaku.server.auth;

import hikyaku.server.auth.proto.ExchangeRecord;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * LOGIN, which no RFC defines and old clients speak: asks for the name, then for the password. Some
 * send the name with the command.
 */
final class LoginExchange extends Exchange {
  private final Function<byte[], Proof> proof;
  private @Nullable String user;

  LoginExchange(AuthContext context, Judge judge, Function<byte[], Proof> proof) {
    super(context, Mechanism.LOGIN, judge);
    this.proof = proof;
  }

  @Override
  Step first(byte @Nullable [] initialResponse) {
    return initialResponse == null || initialResponse.length == 0
        ? new Step.Challenge(Crypto.ascii("Username:"))
        : next(initialResponse);
  }

  @Override
  void save(ExchangeRecord.Builder record) {
    if (user != null) {
      record.setFirst(user);
    }
  }

  @Override
  void restore(ExchangeRecord record) {
    user = record.hasFirst() ? record.getFirst() : null;
  }

  @Override
  Step next(byte[] response) {
    if (user != null) {
      return judged(user, "", proof.apply(response));
    }
    Optional<String> name = utf8(response, 0, response.length);
    if (name.isEmpty() || name.get().isEmpty() || name.get().indexOf('\0') >= 0) {
      return malformed();
    }
    user = name.get();
    return new Step.Challenge(Crypto.ascii("Password:"));
  }
}
