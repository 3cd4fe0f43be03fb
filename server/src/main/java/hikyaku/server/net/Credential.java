package hikyaku.server.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;

/**
 * A certificate chain, leaf first, and the private key of the leaf, which are known to belong
 * together.
 */
public final class Credential {
  private final List<X509Certificate> chain;
  private final PrivateKey key;

  private Credential(List<X509Certificate> chain, PrivateKey key) {
    this.chain = List.copyOf(chain);
    this.key = key;
  }

  /**
   * A credential of these parts.
   *
   * @throws IOException if the key is not that of the first certificate
   */
  public static Credential of(List<X509Certificate> chain, PrivateKey key) throws IOException {
    if (chain.isEmpty()) {
      throw new IOException("no certificate");
    }
    try {
      String algorithm =
          switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            case "EdDSA", "Ed25519" -> "EdDSA";
            default ->
                throw new IOException("keys of type " + key.getAlgorithm() + " do not serve");
          };
      byte[] proof = {1, 2, 3};
      Signature signer = Signature.getInstance(algorithm);
      signer.initSign(key);
      signer.update(proof);
      byte[] signature = signer.sign();
      signer.initVerify(chain.getFirst().getPublicKey());
      signer.update(proof);
      if (!signer.verify(signature)) {
        throw new IOException("the key is not that of the certificate");
      }
    } catch (GeneralSecurityException e) {
      throw new IOException("the key is not that of the certificate", e);
    }
    return new Credential(chain, key);
  }

  /**
   * Reads PEM files: the chain with the leaf first, and the key as PKCS #8, PKCS #1 or SEC 1, not
   * encrypted. Both may be one file.
   *
   * @throws IOException naming the file and what is wrong with it
   */
  public static Credential fromPem(Path chainFile, Path keyFile) throws IOException {
    List<X509Certificate> chain = new ArrayList<>();
    try (PEMParser parser = new PEMParser(open(chainFile))) {
      JcaX509CertificateConverter converter = new JcaX509CertificateConverter();
      Object object;
      while ((object = parser.readObject()) != null) {
        if (object instanceof X509CertificateHolder certificate) {
          chain.add(converter.getCertificate(certificate));
        }
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw new IOException(chainFile + ": cannot be read as certificates: " + reason(e), e);
    }
    if (chain.isEmpty()) {
      throw new IOException(chainFile + ": holds no certificate");
    }
    PrivateKey key = readKey(keyFile);
    try {
      return of(chain, key);
    } catch (IOException e) {
      throw new IOException(chainFile + " and " + keyFile + ": " + e.getMessage(), e);
    }
  }

  private static PrivateKey readKey(Path file) throws IOException {
    try (PEMParser parser = new PEMParser(open(file))) {
      JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
      Object object;
      while ((object = parser.readObject()) != null) {
        switch (object) {
          case PrivateKeyInfo info -> {
            return converter.getPrivateKey(info);
          }
          case PEMKeyPair pair -> {
            return converter.getPrivateKey(pair.getPrivateKeyInfo());
          }
          case PKCS8EncryptedPrivateKeyInfo _, PEMEncryptedKeyPair _ ->
              throw new IOException("the key is encrypted");
          default -> {
            // Parameters or certificates that stand before the key.
          }
        }
      }
    } catch (IOException | RuntimeException e) {
      throw new IOException(file + ": cannot be read as a key: " + reason(e), e);
    }
    throw new IOException(file + ": holds no private key");
  }

  /** The system's exceptions say no more than the name where that says it all to them. */
  private static String reason(Exception failure) {
    return switch (failure) {
      case NoSuchFileException _ -> "there is no such file";
      case AccessDeniedException _ -> "no permission to read it";
      default -> String.valueOf(failure.getMessage());
    };
  }

  private static Reader open(Path file) throws IOException {
    return Files.newBufferedReader(file, StandardCharsets.ISO_8859_1);
  }

  /**
   * Reads all keys of a PKCS #12 file.
   *
   * @throws IOException naming the file and what is wrong with it
   */
  public static List<Credential> fromPkcs12(Path file, char[] password) throws IOException {
    List<Credential> found = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file)) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, password);
      for (String alias : Collections.list(store.aliases())) {
        if (store.getKey(alias, password) instanceof PrivateKey key) {
          Certificate[] chain = store.getCertificateChain(alias);
          found.add(of(Arrays.stream(chain).map(X509Certificate.class::cast).toList(), key));
        }
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw new IOException(file + ": cannot be read as PKCS #12: " + reason(e), e);
    }
    if (found.isEmpty()) {
      throw new IOException(file + ": holds no private key");
    }
    return found;
  }

  /** Leaf first. */
  public List<X509Certificate> chain() {
    return chain;
  }

  PrivateKey key() {
    return key;
  }

  /** The host names of the leaf (subjectAltName, RFC 6125 §6.4), lower case, wildcards as such. */
  public Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    try {
      Collection<List<?>> alternatives = chain.getFirst().getSubjectAlternativeNames();
      if (alternatives != null) {
        for (List<?> alternative : alternatives) {
          if (alternative.get(0) instanceof Integer type
              && type == 2
              && alternative.get(1) instanceof String name) {
            names.add(name.toLowerCase(Locale.ROOT));
          }
        }
      }
    } catch (GeneralSecurityException e) {
      // A leaf whose names cannot be read serves as the default only.
      return Set.of();
    }
    return names;
  }

  /** Nothing of the key. */
  @Override
  public String toString() {
    return "Credential" + names();
  }
}
