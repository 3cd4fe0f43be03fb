package hikyaku.server.auth;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.server.auth.AuthContext.ChannelBindings;
import hikyaku.server.auth.proto.ExchangeRecord;
import hikyaku.server.directory.CredentialSource;
import hikyaku.server.directory.Credentials;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The authenticator over a directory's credentials. */
public final class StandardAuthenticator implements Authenticator {
  private static final int NONCE_OCTETS = 18;
  private static final int SALT_OCTETS = 16;

  /**
   * Age at which an exchange is carried on no more: beyond any server's patience with a login, and
   * what clocks of nodes may differ by.
   */
  private static final Duration LONGEST_EXCHANGE = Duration.ofMinutes(15);

  private final CredentialSource source;
  private final AuthSettings settings;
  private final Passwords passwords;
  private final VerifiedPasswords verified;
  private final Judge judge;
  private final ForeignLogins foreign;
  private final InstantSource clock;
  private final SecureRandom random;
  private final byte[] strangersKey;

  public StandardAuthenticator(
      CredentialSource source,
      AuthSettings settings,
      Passwords passwords,
      InstallationKey key,
      InstantSource clock,
      Pause pause,
      LoginGate gate,
      ForeignLogins foreign,
      SecureRandom random,
      MeterRegistry meters) {
    this.source = source;
    this.settings = settings;
    this.passwords = passwords;
    this.verified =
        new VerifiedPasswords(
            settings.verifiedPasswords(), settings.verifiedLifetime(), clock, random);
    this.judge = new Judge(source, settings, clock, pause, gate, foreign, meters);
    this.foreign = foreign;
    this.clock = clock;
    this.random = random;
    this.strangersKey = key.derive("salts of unknown users");
  }

  @Override
  public List<String> mechanisms(AuthContext context) {
    return Arrays.stream(Mechanism.values())
        .filter(mechanism -> exists(mechanism, context))
        .filter(mechanism -> !needsTls(mechanism, context))
        .filter(mechanism -> mechanism.plainText || !foreign.needPasswords())
        .map(mechanism -> mechanism.wireName)
        .toList();
  }

  @Override
  public LoginResult resume(AuthContext context, String accountId, long epoch) {
    return judge.resume(context, accountId, epoch);
  }

  /** Whether this session could have the mechanism, under TLS at least. */
  private boolean exists(Mechanism mechanism, AuthContext context) {
    return switch (mechanism) {
      case SCRAM_SHA_256_PLUS -> settings.channelBinding() && (!context.tls() || bindable(context));
      case CRAM_MD5 -> settings.sharedSecrets();
      case SCRAM_SHA_256, PLAIN, LOGIN -> true;
    };
  }

  private boolean needsTls(Mechanism mechanism, AuthContext context) {
    return (mechanism == Mechanism.SCRAM_SHA_256_PLUS && !context.tls())
        || (mechanism.plainText && !plainTextAllowed(context));
  }

  /**
   * Whether the connection has the binding that clients take by themselves: who offers -PLUS must
   * have it. Under TLS 1.2 that is tls-unique, which Java does not tell (RFC 5802 §6.1, RFC 9266
   * §3).
   */
  private static boolean bindable(AuthContext context) {
    return context.bindings().data(ChannelBindings.TLS_EXPORTER).isPresent();
  }

  @Override
  public boolean plainTextAllowed(AuthContext context) {
    return context.tls()
        || settings.plainTextAnywhere()
        || (settings.plainTextFromLoopback() && context.remote().isLoopbackAddress());
  }

  @Override
  public boolean apopEnabled() {
    return settings.sharedSecrets();
  }

  @Override
  public LoginResult login(AuthContext context, String user, byte[] password) {
    try {
      if (!plainTextAllowed(context)) {
        LoginResult result = new LoginResult.TlsRequired();
        judge.report(context, "password", user, result);
        return result;
      }
      return judge.judge(context, "password", user, "", proof(password));
    } finally {
      Crypto.wipe(password);
    }
  }

  private Proof proof(byte[] password) {
    return new PasswordProof(password, passwords, verified, source);
  }

  @Override
  public LoginResult apop(AuthContext context, String timestamp, String user, String digest) {
    Optional<byte[]> octets = SharedSecretProof.hexDigest(digest);
    if (!settings.sharedSecrets() || octets.isEmpty()) {
      LoginResult result = new LoginResult.Malformed();
      judge.report(context, "APOP", user, result);
      return result;
    }
    byte[] stamp = timestamp.getBytes(StandardCharsets.UTF_8);
    return judge.judge(
        context,
        "APOP",
        user,
        "",
        new SharedSecretProof(octets.get(), passwords, secret -> Crypto.md5(stamp, secret)));
  }

  @Override
  public Optional<SaslExchange> start(AuthContext context, String name) {
    return Mechanism.named(name)
        .filter(mechanism -> exists(mechanism, context))
        .map(mechanism ->
            needsTls(mechanism, context)
                ? new RefusedExchange(context, mechanism, judge, new LoginResult.TlsRequired())
                : exchange(context, mechanism));
  }

  @Override
  public SaslExchange carryOn(AuthContext context, byte[] exchange) {
    ExchangeRecord record;
    try {
      record = ExchangeRecord.parseFrom(exchange);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("no exchange", e);
    }
    Mechanism mechanism =
        Mechanism.named(record.getMechanism())
            .orElseThrow(() -> new IllegalArgumentException("no mechanism"));
    boolean late =
        clock.instant().getEpochSecond() - record.getBegun() > LONGEST_EXCHANGE.toSeconds();
    Exchange goesOn =
        late || !exists(mechanism, context) || needsTls(mechanism, context)
            ? new RefusedExchange(context, mechanism, judge, new LoginResult.Unavailable())
            : exchange(context, mechanism, record.getMadeUp());
    return goesOn.from(record);
  }

  private Exchange exchange(AuthContext context, Mechanism mechanism) {
    return exchange(
        context,
        mechanism,
        switch (mechanism) {
          case SCRAM_SHA_256_PLUS, SCRAM_SHA_256 -> nonce();
          case CRAM_MD5 -> challenge();
          case PLAIN, LOGIN -> "";
        });
  }

  /**
   * @param madeUp what only this login has
   */
  private Exchange exchange(AuthContext context, Mechanism mechanism, String madeUp) {
    Function<byte[], Proof> byPassword = this::proof;
    return switch (mechanism) {
      case SCRAM_SHA_256_PLUS, SCRAM_SHA_256 ->
          new ScramExchange(
              context,
              mechanism,
              judge,
              madeUp,
              context.tls() && exists(Mechanism.SCRAM_SHA_256_PLUS, context),
              this::scramOfStranger);
      case CRAM_MD5 -> new CramMd5Exchange(context, judge, passwords, madeUp);
      case PLAIN -> new PlainExchange(context, judge, byPassword);
      case LOGIN -> new LoginExchange(context, judge, byPassword);
    };
  }

  private String nonce() {
    byte[] octets = new byte[NONCE_OCTETS];
    random.nextBytes(octets);
    return Base64.getEncoder().encodeToString(octets);
  }

  /** RFC 2195 §2: a Message-ID of a random number, a timestamp and the host's name. */
  private String challenge() {
    long number = random.nextLong() >>> 1;
    return "<" + number + "." + clock.instant().getEpochSecond() + "@" + settings.hostName() + ">";
  }

  /** What SCRAM shows for a name without keys: a salt of its own that stays the same. */
  private Credentials.Scram scramOfStranger(String name) {
    byte[] salt =
        Arrays.copyOf(
            Crypto.hmac(strangersKey, name.getBytes(StandardCharsets.UTF_8)), SALT_OCTETS);
    return new Credentials.Scram(
        ByteString.copyFrom(salt), passwords.scramIterations(), ByteString.EMPTY, ByteString.EMPTY);
  }
}
