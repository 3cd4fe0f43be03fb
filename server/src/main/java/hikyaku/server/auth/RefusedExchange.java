package hikyaku.server.auth;

import org.jspecify.annotations.Nullable;

/** An exchange that is over at its first step, because the connection needs TLS first. */
final class RefusedExchange extends Exchange {
  RefusedExchange(AuthContext context, Mechanism mechanism, Judge judge) {
    super(context, mechanism, judge);
  }

  @Override
  Step first(byte @Nullable [] initialResponse) {
    return next(new byte[0]);
  }

  @Override
  Step next(byte[] response) {
    LoginResult result = new LoginResult.TlsRequired();
    judge.report(context, mechanism.wireName, "", result);
    return new Step.Done(result);
  }
}
