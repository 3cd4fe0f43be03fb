package hikyaku.server.smtpclient;

import hikyaku.server.dns.Tlsa;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Certificates compared with TLSA records (RFC 6698 §2.1, RFC 7671 §5, RFC 7672 §3). */
final class Dane {
  private static final int TA = 2;
  private static final int EE = 3;
  private static final int WHOLE = 0;
  private static final int DNS_NAME = 2;

  private Dane() {}

  /** Whether a record is of a kind that means something for mail (RFC 7672 §3.1). */
  static boolean isUsable(Tlsa record) {
    int octets = record.data().length;
    boolean data =
        switch (record.matching()) {
          case WHOLE -> octets > 0;
          case 1 -> octets == 32;
          case 2 -> octets == 64;
          default -> false;
        };
    boolean usage = record.usage() == TA || record.usage() == EE;
    return data && usage && (record.selector() == 0 || record.selector() == 1);
  }

  /**
   * Checks what a server shows.
   *
   * @param chain the server's certificate first
   * @param names one of which the certificate must have where a record is of usage DANE-TA
   * @throws CertificateException if no record fits
   */
  static void check(X509Certificate[] chain, List<Tlsa> records, List<String> names)
      throws CertificateException {
    boolean named = names.stream().anyMatch(name -> has(chain[0], name));
    boolean anchored = false;
    for (Tlsa record : records) {
      if (record.usage() == EE && fits(record, chain[0])) {
        // The record binds key and name; whom and until when the certificate names is all the same.
        return;
      }
      if (record.usage() == TA && isAnchored(chain, record)) {
        if (named) {
          return;
        }
        anchored = true;
      }
    }
    throw new CertificateException(
        anchored
            ? "the certificate is not for " + String.join(" or ", names)
            : "the certificate fits no TLSA record");
  }

  private static boolean fits(Tlsa record, X509Certificate certificate) {
    try {
      byte[] part =
          record.selector() == 0
              ? certificate.getEncoded()
              : certificate.getPublicKey().getEncoded();
      byte[] compared =
          switch (record.matching()) {
            case 1 -> MessageDigest.getInstance("SHA-256").digest(part);
            case 2 -> MessageDigest.getInstance("SHA-512").digest(part);
            default -> part;
          };
      return Arrays.equals(compared, record.data());
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Whether the chain leads to what the record says. */
  private static boolean isAnchored(X509Certificate[] chain, Tlsa record) {
    for (int i = 1; i < chain.length; i++) {
      if (fits(record, chain[i]) && leads(chain, i, new TrustAnchor(chain[i], null))) {
        return true;
      }
    }
    // A record that is a whole certificate, or key, need not be shown.
    return record.matching() == WHOLE && isAnchoredOutside(chain, record);
  }

  private static boolean isAnchoredOutside(X509Certificate[] chain, Tlsa record) {
    try {
      if (record.selector() == 0) {
        X509Certificate anchor =
            (X509Certificate)
                CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(record.data()));
        return leadsAnywhere(chain, _ -> new TrustAnchor(anchor, null));
      }
      for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
        PublicKey key = key(algorithm, record.data());
        if (key != null) {
          return leadsAnywhere(
              chain, last -> new TrustAnchor(last.getIssuerX500Principal(), key, null));
        }
      }
      return false;
    } catch (CertificateException e) {
      return false;
    }
  }

  private static @org.jspecify.annotations.Nullable PublicKey key(String algorithm, byte[] spki) {
    try {
      return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(spki));
    } catch (GeneralSecurityException e) {
      return null;
    }
  }

  private static boolean leadsAnywhere(
      X509Certificate[] chain, java.util.function.Function<X509Certificate, TrustAnchor> anchor) {
    for (int length = 1; length <= chain.length; length++) {
      if (leads(chain, length, anchor.apply(chain[length - 1]))) {
        return true;
      }
    }
    return false;
  }

  /** Whether the first certificates are a path to an anchor that holds now. */
  private static boolean leads(X509Certificate[] chain, int length, TrustAnchor anchor) {
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(anchor));
      parameters.setRevocationEnabled(false);
      CertPathValidator.getInstance("PKIX")
          .validate(
              CertificateFactory.getInstance("X.509")
                  .generateCertPath(Arrays.asList(chain).subList(0, length)),
              parameters);
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Whether it is a certificate for a host (RFC 7672 §3.2.3). */
  private static boolean has(X509Certificate certificate, String host) {
    try {
      var names = certificate.getSubjectAlternativeNames();
      return names != null
          && names.stream()
              .filter(each -> each.getFirst().equals(DNS_NAME))
              .anyMatch(each -> covers(lower(String.valueOf(each.get(1))), lower(host)));
    } catch (CertificateException e) {
      return false;
    }
  }

  private static boolean covers(String name, String host) {
    int dot = host.indexOf('.');
    return name.equals(host) || (dot > 0 && name.equals("*" + host.substring(dot)));
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
