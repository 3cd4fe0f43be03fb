package hikyaku.server.auth;

import com.google.protobuf.ByteString;
import hikyaku.server.directory.CredentialMaker;
import hikyaku.server.directory.Credentials;
import hikyaku.server.directory.DirectoryException.UnusablePassword;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.util.Optional;

/** Makes and checks what is kept in place of passwords. */
public final class Passwords implements CredentialMaker, AutoCloseable {
  private static final int SCRAM_SALT_OCTETS = 16;

  private final Argon2Parameters parameters;
  private final HashingLimits limits;
  private final HashingPool pool;
  private final SecretSealer sealer;
  private final SecureRandom random;

  /** Checked against when there is nothing to check against, so that it takes as long. */
  private final PhcHash nobody;

  public Passwords(
      Argon2Parameters parameters,
      HashingLimits limits,
      InstallationKey key,
      SecureRandom random,
      MeterRegistry meters) {
    this.parameters = parameters;
    this.limits = limits;
    this.pool = new HashingPool(limits, meters);
    this.sealer = new SecretSealer(key, "shared secrets", random);
    this.random = random;
    this.nobody = new PhcHash(parameters, octets(PhcHash.SALT_OCTETS), octets(PhcHash.HASH_OCTETS));
  }

  @Override
  public Credentials.Password hash(byte[] password) throws UnusablePassword {
    try {
      return pool.forOperator(() -> compute(password)).orElseThrow(this::unusable);
    } catch (NotNowException | InterruptedException stopped) {
      if (stopped instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new IllegalStateException("password hashing is stopped", stopped);
    }
  }

  @Override
  public Credentials.Password accept(String hash) throws UnusablePassword {
    if (PhcHash.parse(hash).isEmpty()) {
      throw new UnusablePassword(
          "a hash is Argon2id in the form $argon2id$v=19$m=…,t=…,p=…$SALT$HASH, of at most "
              + Argon2Parameters.MAX_MEMORY_KIB
              + " KiB and "
              + Argon2Parameters.MAX_PASSES
              + " passes");
    }
    return new Credentials.Password(hash, Optional.empty());
  }

  private UnusablePassword unusable() {
    return new UnusablePassword(
        "a password is UTF-8 of 1 to "
            + limits.passwordOctets()
            + " octets without control characters");
  }

  private Optional<Credentials.Password> compute(byte[] password) {
    Optional<byte[]> opaque = Preparation.opaqueString(password, limits.passwordOctets());
    if (opaque.isEmpty()) {
      return Optional.empty();
    }
    String phc = PhcHash.compute(parameters, octets(PhcHash.SALT_OCTETS), opaque.get()).format();
    Crypto.wipe(opaque.get());
    Optional<Credentials.Scram> scram =
        Preparation.saslPrep(password, limits.passwordOctets())
            .map(prepared -> {
              Credentials.Scram keys =
                  scram(prepared, octets(SCRAM_SALT_OCTETS), limits.scramIterations());
              Crypto.wipe(prepared);
              return keys;
            });
    return Optional.of(new Credentials.Password(phc, scram));
  }

  /** RFC 5802 §3. */
  static Credentials.Scram scram(byte[] prepared, byte[] salt, int iterations) {
    byte[] saltedPassword = Crypto.hi(prepared, salt, iterations);
    byte[] clientKey = Crypto.hmac(saltedPassword, Crypto.ascii("Client Key"));
    byte[] serverKey = Crypto.hmac(saltedPassword, Crypto.ascii("Server Key"));
    byte[] storedKey = Crypto.hash(clientKey);
    Crypto.wipe(saltedPassword);
    Crypto.wipe(clientKey);
    return new Credentials.Scram(
        ByteString.copyFrom(salt),
        iterations,
        ByteString.copyFrom(storedKey),
        ByteString.copyFrom(serverKey));
  }

  /**
   * Whether the password is the one. One Argon2 hash is computed whatever is given.
   *
   * @param kept empty for an account or a password that does not exist
   * @throws NotNowException if too many logins wait
   */
  boolean matches(Optional<Credentials.Password> kept, byte[] password)
      throws NotNowException, InterruptedException {
    Optional<PhcHash> hash = kept.map(Credentials.Password::phc).flatMap(PhcHash::parse);
    Optional<byte[]> prepared = Preparation.opaqueString(password, limits.passwordOctets());
    byte[] checked = prepared.orElseGet(() -> new byte[] {'x'});
    boolean comparable = hash.isPresent() && prepared.isPresent();
    PhcHash against = comparable ? hash.get() : nobody;
    byte[] own = checked.clone();
    boolean equal =
        pool.forLogin(() -> {
          try {
            return against.matches(own);
          } finally {
            Crypto.wipe(own);
          }
        });
    Crypto.wipe(checked);
    return equal && comparable;
  }

  /** Keys for the right password if the kept ones are of another kind or cost than today's. */
  Optional<Credentials.Password> renewed(Credentials.Password kept, byte[] password)
      throws NotNowException, InterruptedException {
    boolean currentHash =
        PhcHash.parse(kept.phc()).map(hash -> hash.parameters().equals(parameters)).orElse(false);
    boolean currentScram =
        kept.scram()
            .map(keys -> keys.iterations() == limits.scramIterations())
            .orElseGet(() -> Preparation.saslPrep(password, limits.passwordOctets()).isEmpty());
    if (currentHash && currentScram) {
      return Optional.empty();
    }
    byte[] own = password.clone();
    return pool.forLogin(() -> {
      try {
        return compute(own);
      } finally {
        Crypto.wipe(own);
      }
    });
  }

  @Override
  public Credentials.Sealed seal(String accountId, byte[] secret) throws UnusablePassword {
    byte[] prepared =
        Preparation.opaqueString(secret, limits.passwordOctets()).orElseThrow(this::unusable);
    Credentials.Sealed sealed = sealer.seal(accountId, prepared);
    Crypto.wipe(prepared);
    return sealed;
  }

  /** What was sealed for somebody, to be cleared after use; empty under another key. */
  public Optional<byte[]> open(String sealedFor, Credentials.Sealed sealed) {
    return sealer.open(sealedFor, sealed);
  }

  /** The shared secret of an account, to be cleared after use. */
  Optional<byte[]> sharedSecret(Credentials credentials) {
    return credentials
        .sharedSecret()
        .flatMap(sealed -> sealer.open(credentials.accountId(), sealed));
  }

  int scramIterations() {
    return limits.scramIterations();
  }

  private byte[] octets(int count) {
    byte[] octets = new byte[count];
    random.nextBytes(octets);
    return octets;
  }

  /** Ends hashing; what is under way ends first. */
  @Override
  public void close() {
    pool.close();
  }
}
