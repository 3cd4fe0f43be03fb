package hikyaku.server.auth;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.auth.ScramMessages.ChannelBinding;
import hikyaku.server.auth.ScramMessages.ClientFinal;
import hikyaku.server.auth.ScramMessages.ClientFirst;
import hikyaku.server.auth.proto.ExchangeRecord;
import hikyaku.server.directory.CredentialSource.Known;
import hikyaku.server.directory.Credentials;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677). The server's signature is a last
 * challenge, which the client answers with nothing where a protocol has no place for data with
 * success.
 */
final class ScramExchange extends Exchange {
  private static final Logger log = LoggerFactory.getLogger(ScramExchange.class);

  /** Octets of a hash, a key and a proof. */
  private static final int HASH_OCTETS = 32;

  private final String serverNonce;
  private final boolean plusOffered;
  private final Function<String, Credentials.Scram> strangers;

  private @Nullable ClientFirst first;
  private @Nullable Shown shown;

  /** What came of the proof, until the client has taken the server's signature. */
  private @Nullable LoginResult pending;

  /** What the client was shown of the account's keys. */
  private record Shown(ByteString salt, int iterations) {
    boolean isOf(Credentials.Scram keys) {
      return keys.salt().equals(salt) && keys.iterations() == iterations;
    }
  }

  /**
   * An exchange.
   *
   * @param serverNonce printable ASCII without a comma, used for this login alone
   * @param plusOffered whether this session was offered the {@code -PLUS} variant
   * @param strangers keys to show for a name that has none, always the same for a name
   */
  ScramExchange(
      AuthContext context,
      Mechanism mechanism,
      Judge judge,
      String serverNonce,
      boolean plusOffered,
      Function<String, Credentials.Scram> strangers) {
    super(context, mechanism, judge);
    this.serverNonce = serverNonce;
    this.plusOffered = plusOffered;
    this.strangers = strangers;
  }

  @Override
  Step first(byte @Nullable [] initialResponse) {
    return initialResponse == null ? new Step.Challenge(new byte[0]) : next(initialResponse);
  }

  @Override
  Step next(byte[] response) {
    if (pending != null) {
      return acknowledged(response, pending);
    }
    Optional<String> message = utf8(response, 0, response.length);
    if (message.isEmpty()) {
      return malformed();
    }
    return first == null || shown == null
        ? clientFirst(message.get())
        : clientFinal(message.get(), first, shown);
  }

  private Step clientFirst(String message) {
    Optional<ClientFirst> parsed = ScramMessages.clientFirst(message);
    if (parsed.isEmpty() || !acceptable(parsed.get().binding())) {
      return malformed();
    }
    first = parsed.get();
    Credentials.Scram keys;
    try {
      keys =
          keys(judge.find(first.username()))
              .orElseGet(() -> strangers.apply(judge.names().key(parsed.get().username())));
    } catch (StoreException failure) {
      log.atWarn()
          .addKeyValue("session", context.session())
          .setCause(failure)
          .log("login not possible");
      LoginResult result = new LoginResult.Unavailable();
      judge.report(context, mechanism.wireName, first.username(), result);
      return new Step.Done(result);
    }
    shown = new Shown(keys.salt(), keys.iterations());
    return new Step.Challenge(Crypto.ascii(serverFirst(first, shown)));
  }

  /** {@code server-first-message}. */
  private String serverFirst(ClientFirst begun, Shown keys) {
    return "r=%s%s,s=%s,i=%d"
        .formatted(
            begun.nonce(),
            serverNonce,
            Base64.getEncoder().encodeToString(keys.salt().toByteArray()),
            keys.iterations());
  }

  @Override
  void save(ExchangeRecord.Builder record) {
    record.setMadeUp(serverNonce);
    if (first != null && shown != null) {
      record
          .setFirst(first.gs2Header() + first.bare())
          .setSalt(shown.salt())
          .setIterations(shown.iterations());
    }
    if (pending instanceof LoginResult.Success success) {
      record.setAccountId(success.account().id()).setEpoch(success.epoch());
    }
  }

  @Override
  void restore(ExchangeRecord record) {
    if (record.hasFirst()) {
      first =
          ScramMessages.clientFirst(record.getFirst())
              .orElseThrow(() -> new IllegalArgumentException("no client-first-message"));
      shown = new Shown(record.getSalt(), record.getIterations());
    }
    if (!record.getAccountId().isEmpty()) {
      pending = judge.resume(context, record.getAccountId(), record.getEpoch());
    }
  }

  @Override
  public boolean isLast() {
    return pending != null;
  }

  /** RFC 5802 §6: a client that says the server offers no binding has been lied to if it does. */
  private boolean acceptable(ChannelBinding binding) {
    boolean plus = mechanism == Mechanism.SCRAM_SHA_256_PLUS;
    return switch (binding) {
      case ChannelBinding.Unsupported() -> !plus;
      case ChannelBinding.NotOffered() -> !plus && !plusOffered;
      case ChannelBinding.Required(String type) ->
          plus && context.bindings().data(type).isPresent();
    };
  }

  private static Optional<Credentials.Scram> keys(Optional<Known> known) {
    return known
        .map(Known::credentials)
        .flatMap(Credentials::password)
        .flatMap(Credentials.Password::scram);
  }

  private Step clientFinal(String message, ClientFirst begun, Shown keys) {
    Optional<ClientFinal> parsed = ScramMessages.clientFinal(message);
    if (parsed.isEmpty()
        || parsed.get().proof().length != HASH_OCTETS
        || !parsed.get().nonce().equals(begun.nonce() + serverNonce)) {
      return malformed();
    }
    ClientFinal last = parsed.get();
    byte[] authMessage =
        (begun.bare() + "," + serverFirst(begun, keys) + "," + last.withoutProof())
            .getBytes(StandardCharsets.UTF_8);
    boolean bound = Arrays.equals(last.binding(), expectedBinding(begun));
    ScramProof proof = new ScramProof(keys, authMessage, last.proof(), bound);
    LoginResult result =
        judge.judge(context, mechanism.wireName, begun.username(), begun.authzid(), proof);
    if (!(result instanceof LoginResult.Success)) {
      return new Step.Done(result);
    }
    pending = result;
    return new Step.Challenge(
        Crypto.ascii("v=" + Base64.getEncoder().encodeToString(proof.serverSignature)));
  }

  /** {@code cbind-input}: the GS2 header, then the data of the channel. */
  private byte[] expectedBinding(ClientFirst begun) {
    byte[] header = begun.gs2Header().getBytes(StandardCharsets.UTF_8);
    byte[] data =
        begun.binding() instanceof ChannelBinding.Required(String type)
            ? context.bindings().data(type).orElse(new byte[0])
            : new byte[0];
    byte[] input = Arrays.copyOf(header, header.length + data.length);
    System.arraycopy(data, 0, input, header.length, data.length);
    return input;
  }

  private Step acknowledged(byte[] response, LoginResult result) {
    if (response.length > 0) {
      return malformed();
    }
    pending = null;
    return new Step.Done(result);
  }

  /** Gives back the session of a login whose success the client has not taken. */
  @Override
  public void close() {
    if (pending instanceof LoginResult.Success success) {
      success.lease().close();
      ForeignSession never = success.elsewhere();
      if (never != null) {
        never.close();
      }
    }
    pending = null;
  }

  /** {@code ClientProof} against {@code StoredKey}. */
  private final class ScramProof implements Proof {
    private final Shown shown;
    private final byte[] authMessage;
    private final byte[] clientProof;
    private final boolean bound;
    private byte[] serverSignature = new byte[0];

    ScramProof(Shown shown, byte[] authMessage, byte[] clientProof, boolean bound) {
      this.shown = shown;
      this.authMessage = authMessage;
      this.clientProof = clientProof;
      this.bound = bound;
    }

    @Override
    public boolean matches(Optional<Known> known) throws NotNowException {
      Optional<Credentials.Scram> kept = keys(known);
      if (kept.isPresent() && !shown.isOf(kept.get())) {
        throw new NotNowException("the keys were changed during the exchange");
      }
      ByteString storedKey = kept.map(Credentials.Scram::storedKey).orElse(NO_KEY);
      ByteString serverKey = kept.map(Credentials.Scram::serverKey).orElse(NO_KEY);
      byte[] clientKey = Crypto.hmac(storedKey.toByteArray(), authMessage);
      Crypto.xor(clientKey, clientProof);
      boolean equal = MessageDigest.isEqual(Crypto.hash(clientKey), storedKey.toByteArray());
      serverSignature = Crypto.hmac(serverKey.toByteArray(), authMessage);
      Crypto.wipe(clientKey);
      return equal && bound && kept.isPresent();
    }
  }

  private static final ByteString NO_KEY = ByteString.copyFrom(new byte[HASH_OCTETS]);
}
