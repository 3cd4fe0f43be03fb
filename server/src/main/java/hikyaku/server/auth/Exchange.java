package hikyaku.server.auth;

import hikyaku.server.auth.proto.ExchangeRecord;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What all exchanges have in common: bounds, order of steps, and an end that is told once. */
abstract class Exchange implements SaslExchange {
  final AuthContext context;
  final Mechanism mechanism;
  final Judge judge;
  private boolean begun;
  private boolean done;
  private long begunAt;

  Exchange(AuthContext context, Mechanism mechanism, Judge judge) {
    this.context = context;
    this.mechanism = mechanism;
    this.judge = judge;
  }

  /** The first step; null if no response came with the command. */
  abstract Step first(byte @Nullable [] initialResponse);

  /** Each further step. */
  abstract Step next(byte[] response);

  @Override
  public final Step begin(byte @Nullable [] initialResponse) {
    if (begun) {
      throw new IllegalStateException("begun twice");
    }
    begun = true;
    begunAt = judge.now().getEpochSecond();
    return noted(
        initialResponse != null && initialResponse.length > MAX_RESPONSE
            ? malformed()
            : first(initialResponse),
        initialResponse);
  }

  @Override
  public final Step respond(byte[] response) {
    if (!begun || done) {
      throw new IllegalStateException("not in the middle of an exchange");
    }
    return noted(response.length > MAX_RESPONSE ? malformed() : next(response), response);
  }

  @Override
  public final byte[] state() {
    if (!begun || done) {
      throw new IllegalStateException("not in the middle of an exchange");
    }
    ExchangeRecord.Builder record =
        ExchangeRecord.newBuilder().setMechanism(mechanism.wireName).setBegun(begunAt);
    save(record);
    return record.build().toByteArray();
  }

  /** Goes on behind a challenge. */
  final Exchange from(ExchangeRecord record) {
    begun = true;
    begunAt = record.getBegun();
    restore(record);
    return this;
  }

  /** Adds what this mechanism has to know when the response comes. */
  void save(ExchangeRecord.Builder record) {}

  /** Takes it back. */
  void restore(ExchangeRecord record) {}

  private Step noted(Step step, byte @Nullable [] response) {
    if (response != null) {
      Crypto.wipe(response);
    }
    if (step instanceof Step.Done) {
      done = true;
      close();
    }
    return step;
  }

  final boolean isDone() {
    return done;
  }

  final Step malformed() {
    LoginResult result = new LoginResult.Malformed();
    judge.report(context, mechanism.wireName, "", result);
    return new Step.Done(result);
  }

  final Step judged(String user, String actAs, Proof proof) {
    return new Step.Done(judge.judge(context, mechanism.wireName, user, actAs, proof));
  }

  /** Octets as text, or nothing if they are not UTF-8. */
  static Optional<String> utf8(byte[] octets, int from, int to) {
    try {
      return Optional.of(
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(octets, from, to - from))
              .toString());
    } catch (CharacterCodingException notUtf8) {
      return Optional.empty();
    }
  }

  @Override
  public void close() {}
}
