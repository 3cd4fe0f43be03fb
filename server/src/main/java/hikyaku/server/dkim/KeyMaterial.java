package hikyaku.server.dkim;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.jspecify.annotations.Nullable;

/**
 * A pair of keys. No record: its text must not show the private one.
 *
 * <p>The public key is as DNS has it behind {@code p=}, before base64: SubjectPublicKeyInfo of RSA,
 * and the 32 octets alone of Ed25519 (RFC 8463 §4).
 */
public final class KeyMaterial {
  /** Bits of RSA keys that are made here (RFC 8301 §3.2). */
  public static final int RSA_BITS = 2048;

  /** Bits of RSA keys that are taken: what every verifier must do (RFC 8301 §3.2). */
  static final int FEWEST_RSA_BITS = 1024;

  static final int MOST_RSA_BITS = 4096;

  private static final int ED25519_OCTETS = 32;

  /** What stands before the key in SubjectPublicKeyInfo of Ed25519 (RFC 8410 §4). */
  private static final int ED25519_PREFIX_OCTETS = 12;

  private final Algorithm algorithm;
  private final PrivateKey privateKey;
  private final ByteString publicKey;

  private KeyMaterial(Algorithm algorithm, PrivateKey privateKey, ByteString publicKey) {
    this.algorithm = algorithm;
    this.privateKey = privateKey;
    this.publicKey = publicKey;
  }

  public Algorithm algorithm() {
    return algorithm;
  }

  public ByteString publicKey() {
    return publicKey;
  }

  /** PKCS #8, to be cleared after use. */
  byte[] pkcs8() {
    return privateKey.getEncoded();
  }

  /** Makes a pair. */
  public static KeyMaterial generate(Algorithm algorithm, SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm.family());
      if (algorithm == Algorithm.RSA) {
        generator.initialize(RSA_BITS, random);
      } else {
        generator.initialize(NamedParameterSpec.ED25519, random);
      }
      KeyPair pair = generator.generateKeyPair();
      return new KeyMaterial(
          algorithm, pair.getPrivate(), published(algorithm, pair.getPublic().getEncoded()));
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  private static ByteString published(Algorithm algorithm, byte[] info) {
    ByteString whole = ByteString.copyFrom(info);
    return algorithm == Algorithm.RSA ? whole : whole.substring(ED25519_PREFIX_OCTETS);
  }

  /**
   * Reads a private key as other programs keep it: PEM of PKCS #1 or PKCS #8, or the 32 octets of
   * an Ed25519 key in base64 alone.
   *
   * @throws DkimException if it is no such key, is encrypted, or of a size that is not for DKIM
   */
  public static KeyMaterial read(String text) throws DkimException {
    try {
      return text.contains("-----BEGIN") ? ofPem(text) : ofSeed(text);
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      // What the parser says of it might quote the key.
      throw new DkimException("the file holds no private key in PEM that can be read");
    }
  }

  private static KeyMaterial ofSeed(String text) throws DkimException, GeneralSecurityException {
    byte[] seed = Base64.getMimeDecoder().decode(text);
    if (seed.length != ED25519_OCTETS) {
      throw new DkimException(
          "the file is no PEM, and not the "
              + ED25519_OCTETS
              + " octets of an Ed25519 key in base64 either");
    }
    return of(
        KeyFactory.getInstance("Ed25519")
            .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed)));
  }

  private static KeyMaterial ofPem(String text)
      throws DkimException, IOException, GeneralSecurityException {
    try (PEMParser parser = new PEMParser(new StringReader(text))) {
      @Nullable Object object = parser.readObject();
      while (object != null) {
        switch (object) {
          case PrivateKeyInfo info -> {
            return of(info);
          }
          case PEMKeyPair pair -> {
            return of(pair.getPrivateKeyInfo());
          }
          case PKCS8EncryptedPrivateKeyInfo _, PEMEncryptedKeyPair _ ->
              throw new DkimException("the key is encrypted; decrypt it first");
          default -> object = parser.readObject();
        }
      }
    }
    throw new DkimException("the file holds no private key");
  }

  private static KeyMaterial of(PrivateKeyInfo info)
      throws DkimException, IOException, GeneralSecurityException {
    PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(info.getEncoded());
    return switch (info.getPrivateKeyAlgorithm().getAlgorithm().getId()) {
      case "1.2.840.113549.1.1.1" -> of(KeyFactory.getInstance("RSA").generatePrivate(spec));
      case "1.3.101.112" -> of(KeyFactory.getInstance("Ed25519").generatePrivate(spec));
      default -> throw new DkimException("a key for DKIM is RSA or Ed25519; this one is neither");
    };
  }

  private static KeyMaterial of(PrivateKey key) throws DkimException, GeneralSecurityException {
    return switch (key) {
      case RSAPrivateCrtKey rsa -> {
        int bits = rsa.getModulus().bitLength();
        if (bits < FEWEST_RSA_BITS || bits > MOST_RSA_BITS) {
          throw new DkimException(
              "an RSA key for DKIM has %d to %d bits, this one has %d"
                  .formatted(FEWEST_RSA_BITS, MOST_RSA_BITS, bits));
        }
        PublicKey made =
            KeyFactory.getInstance("RSA")
                .generatePublic(new RSAPublicKeySpec(rsa.getModulus(), rsa.getPublicExponent()));
        yield new KeyMaterial(Algorithm.RSA, key, published(Algorithm.RSA, made.getEncoded()));
      }
      case EdECPrivateKey edwards -> {
        byte[] seed = edwards.getBytes().orElseThrow();
        yield new KeyMaterial(
            Algorithm.ED25519,
            key,
            ByteString.copyFrom(
                new Ed25519PrivateKeyParameters(seed).generatePublicKey().getEncoded()));
      }
      default -> throw new DkimException("a key for DKIM is RSA or Ed25519; this one is neither");
    };
  }

  /** The key that {@link #pkcs8} gave. */
  static PrivateKey privateKey(Algorithm algorithm, byte[] pkcs8) throws GeneralSecurityException {
    return KeyFactory.getInstance(algorithm.family())
        .generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
  }

  /** How many bits a public key has as it is published; of Ed25519 always 256. */
  static int bits(Algorithm algorithm, ByteString publicKey) {
    if (algorithm == Algorithm.ED25519) {
      return ED25519_OCTETS * Byte.SIZE;
    }
    try {
      return KeyFactory.getInstance("RSA")
                  .generatePublic(new X509EncodedKeySpec(publicKey.toByteArray()))
              instanceof RSAPublicKey rsa
          ? rsa.getModulus().bitLength()
          : 0;
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("a stored public key is none", e);
    }
  }
}
