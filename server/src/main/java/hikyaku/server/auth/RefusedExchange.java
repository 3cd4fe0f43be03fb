package hikyaku.server.auth;

import org.jspecify.annotations.Nullable;

/** An exchange that is over at its next step, before anything secret has been asked for. */
final class RefusedExchange extends Exchange {
  private final LoginResult.Refused result;

  RefusedExchange(
      AuthContext context, Mechanism mechanism, Judge judge, LoginResult.Refused result) {
    super(context, mechanism, judge);
    this.result = result;
  }

  @Override
  Step first(byte @Nullable [] initialResponse) {
    return next(new byte[0]);
  }

  @Override
  Step next(byte[] response) {
    judge.report(context, mechanism.wireName, "", result);
    return new Step.Done(result);
  }
}
