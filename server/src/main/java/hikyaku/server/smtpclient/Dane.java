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
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

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

  /** How far a chain leads to an anchor; the later, the better. */
  private enum Path {
    NONE,
    /** It does, but a certificate on the way has ended. */
    EXPIRED,
    GOOD;

    Path or(Path other) {
      return compareTo(other) < 0 ? other : this;
    }
  }

  /**
   * What is wrong with what a server shows.
   *
   * @param chain the server's certificate first
   * @param names one of which the certificate must have where a record is of usage DANE-TA
   * @return empty if a record fits; else why the one that comes nearest does not
   */
  static Optional<TlsFault> fault(X509Certificate[] chain, List<Tlsa> records, List<String> names) {
    Path best = Path.NONE;
    for (Tlsa record : records) {
      if (record.usage() == EE && fits(record, chain[0])) {
        // The record binds key and name; whom and until when the certificate names is all the same.
        return Optional.empty();
      }
      if (record.usage() == TA) {
        best = best.or(path(chain, record));
      }
    }
    return switch (best) {
      case NONE -> Optional.of(TlsFault.TLSA_INVALID);
      case EXPIRED -> Optional.of(TlsFault.CERTIFICATE_EXPIRED);
      case GOOD ->
          names.stream().anyMatch(name -> has(chain[0], name))
              ? Optional.empty()
              : Optional.of(TlsFault.CERTIFICATE_HOST_MISMATCH);
    };
  }

  /** The fault, for people. */
  static String reason(TlsFault fault, List<String> names) {
    return switch (fault) {
      case CERTIFICATE_HOST_MISMATCH -> "the certificate is not for " + String.join(" or ", names);
      case CERTIFICATE_EXPIRED ->
          "a certificate has expired on the way to what a TLSA record names";
      default -> "the certificate fits no TLSA record";
    };
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

  /** How far the chain leads to what the record says. */
  private static Path path(X509Certificate[] chain, Tlsa record) {
    Path best = Path.NONE;
    for (int i = 1; i < chain.length; i++) {
      if (fits(record, chain[i])) {
        best = best.or(path(chain, i, new TrustAnchor(chain[i], null)));
      }
    }
    // A record that is a whole certificate, or key, need not be shown.
    return record.matching() == WHOLE ? best.or(pathOutside(chain, record)) : best;
  }

  private static Path pathOutside(X509Certificate[] chain, Tlsa record) {
    try {
      if (record.selector() == 0) {
        X509Certificate anchor =
            (X509Certificate)
                CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(record.data()));
        return pathAnywhere(chain, _ -> new TrustAnchor(anchor, null));
      }
      for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
        PublicKey key = key(algorithm, record.data());
        if (key != null) {
          return pathAnywhere(
              chain, last -> new TrustAnchor(last.getIssuerX500Principal(), key, null));
        }
      }
      return Path.NONE;
    } catch (CertificateException e) {
      return Path.NONE;
    }
  }

  private static @Nullable PublicKey key(String algorithm, byte[] spki) {
    try {
      return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(spki));
    } catch (GeneralSecurityException e) {
      return null;
    }
  }

  private static Path pathAnywhere(
      X509Certificate[] chain, Function<X509Certificate, TrustAnchor> anchor) {
    Path best = Path.NONE;
    for (int length = 1; length <= chain.length; length++) {
      best = best.or(path(chain, length, anchor.apply(chain[length - 1])));
    }
    return best;
  }

  /** Whether the first certificates are a path to an anchor. */
  private static Path path(X509Certificate[] chain, int length, TrustAnchor anchor) {
    List<X509Certificate> path = Arrays.asList(chain).subList(0, length);
    if (leads(path, anchor, Optional.empty())) {
      return Path.GOOD;
    }
    // Whatever has ended held a moment before the first of them did.
    Date before =
        path.stream()
            .map(each -> new Date(each.getNotAfter().getTime() - 1))
            .min(Date::compareTo)
            .orElseThrow();
    boolean ended = before.before(new Date());
    return ended && leads(path, anchor, Optional.of(before)) ? Path.EXPIRED : Path.NONE;
  }

  /**
   * @param when at which time; empty for now
   */
  private static boolean leads(
      List<X509Certificate> path, TrustAnchor anchor, Optional<Date> when) {
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(anchor));
      parameters.setRevocationEnabled(false);
      when.ifPresent(parameters::setDate);
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
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
