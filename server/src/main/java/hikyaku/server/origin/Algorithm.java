package hikyaku.server.origin;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/** How signatures are made. SHA-1 is not among them (RFC 8301 §3.1). */
enum Algorithm {
  RSA_SHA256("rsa-sha256", "rsa"),
  /** RFC 8463: what is signed is the hash. */
  ED25519_SHA256("ed25519-sha256", "ed25519");

  /** RFC 8301 §3.2: below this nothing is verified. */
  private static final int FEWEST_BITS = 1_024;

  /** RFC 8301 §3.2: up to this it must be; beyond it each signature costs too much. */
  private static final int MOST_BITS = 4_096;

  private static final BigInteger LARGEST_EXPONENT = BigInteger.valueOf(0xffff_ffffL);

  private static final byte[] ED25519_PREFIX = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00
  };

  private final String tag;
  private final String keyType;

  Algorithm(String tag, String keyType) {
    this.tag = tag;
    this.keyType = keyType;
  }

  /** As the a tag of signatures has it. */
  String tag() {
    return tag;
  }

  /** As the k tag of keys has it. */
  String keyType() {
    return keyType;
  }

  static Algorithm of(String tag) throws BadRecordException {
    return Arrays.stream(values())
        .filter(each -> each.tag.equalsIgnoreCase(tag))
        .findFirst()
        .orElseThrow(() -> new BadRecordException("an algorithm that is not taken"));
  }

  /** Reads a key as the p tag has it, decoded from base64. */
  PublicKey key(byte[] octets) throws BadRecordException {
    try {
      return switch (this) {
        case RSA_SHA256 -> rsa(octets);
        case ED25519_SHA256 -> ed25519(octets);
      };
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new BadRecordException("no key of its kind", e);
    }
  }

  private static PublicKey rsa(byte[] octets) throws GeneralSecurityException, BadRecordException {
    ASN1Sequence outer = ASN1Sequence.getInstance(octets);
    byte[] encoded = octets;
    if (outer.getObjectAt(0) instanceof org.bouncycastle.asn1.ASN1Integer) {
      // RFC 6376 §3.6.1 speaks of RSAPublicKey, though what is around it is what people publish.
      encoded = encoded(outer);
    }
    RSAPublicKey key =
        (RSAPublicKey)
            KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(encoded));
    int bits = key.getModulus().bitLength();
    if (bits < FEWEST_BITS) {
      throw new BadRecordException("a key that is too short");
    }
    if (bits > MOST_BITS || key.getPublicExponent().compareTo(LARGEST_EXPONENT) > 0) {
      throw new BadRecordException("a key that is too long");
    }
    return key;
  }

  private static byte[] encoded(ASN1Sequence bare) throws GeneralSecurityException {
    try {
      AlgorithmIdentifier rsa =
          new AlgorithmIdentifier(
              PKCSObjectIdentifiers.rsaEncryption, org.bouncycastle.asn1.DERNull.INSTANCE);
      return new SubjectPublicKeyInfo(rsa, bare).getEncoded();
    } catch (java.io.IOException e) {
      throw new GeneralSecurityException(e);
    }
  }

  private static PublicKey ed25519(byte[] octets)
      throws GeneralSecurityException, BadRecordException {
    if (octets.length != 32) {
      throw new BadRecordException("no key of its kind");
    }
    byte[] encoded = Arrays.copyOf(ED25519_PREFIX, ED25519_PREFIX.length + octets.length);
    System.arraycopy(octets, 0, encoded, ED25519_PREFIX.length, octets.length);
    return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
  }

  boolean verifies(PublicKey key, byte[] signed, byte[] signature) {
    try {
      Signature check = Signature.getInstance(this == RSA_SHA256 ? "SHA256withRSA" : "Ed25519");
      check.initVerify(key);
      check.update(this == RSA_SHA256 ? signed : sha256().digest(signed));
      return check.verify(signature);
    } catch (GeneralSecurityException e) {
      // A signature that none of its kind could be, by its length or its form.
      return false;
    }
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has it", e);
    }
  }
}
