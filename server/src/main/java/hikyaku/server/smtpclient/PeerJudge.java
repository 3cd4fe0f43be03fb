package hikyaku.server.smtpclient;

import java.net.Socket;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Judges the certificate of one server, and remembers what was wrong with it. */
final class PeerJudge extends X509ExtendedTrustManager {
  private final PeerCheck check;
  private final X509ExtendedTrustManager trusted;
  private @Nullable TlsFault fault;
  private String reason = "";

  /**
   * @param trusted who vouches for names
   */
  PeerJudge(PeerCheck check, X509ExtendedTrustManager trusted) {
    this.check = check;
    this.trusted = trusted;
  }

  /** What is wrong with the certificate; null if nothing is, or none was seen. */
  @Nullable TlsFault fault() {
    return fault;
  }

  /** More of it, for people. */
  String reason() {
    return reason;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    try {
      switch (check) {
        case PeerCheck.Anybody _ -> {}
        case PeerCheck.Told(TlsFault what, String why) -> {
          fault = what;
          reason = why;
        }
        case PeerCheck.Named _ -> named(chain, type, socket);
        case PeerCheck.Dane(var records, var names) -> {
          fault = Dane.fault(chain, records, names).orElse(null);
          if (fault != null) {
            throw new CertificateException(Dane.reason(fault, names));
          }
        }
      }
    } catch (CertificateException e) {
      reason = String.valueOf(e.getMessage());
      if (!(check instanceof PeerCheck.Named(boolean enforced)) || enforced) {
        throw e;
      }
    }
  }

  private void named(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    try {
      trusted.checkServerTrusted(chain, type);
      // The path is good; what may be wrong now is the name.
      fault = TlsFault.CERTIFICATE_HOST_MISMATCH;
      trusted.checkServerTrusted(chain, type, socket);
      fault = null;
    } catch (CertificateException e) {
      if (fault == null) {
        fault = isExpired(e) ? TlsFault.CERTIFICATE_EXPIRED : TlsFault.CERTIFICATE_NOT_TRUSTED;
      }
      throw e;
    }
  }

  private static boolean isExpired(Throwable e) {
    for (Throwable each = e; each != null; each = each.getCause()) {
      if (each instanceof CertificateExpiredException
          || (each instanceof CertPathValidatorException path
              && path.getReason() == CertPathValidatorException.BasicReason.EXPIRED)) {
        return true;
      }
    }
    return false;
  }

  // ---- ways that are not taken here

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("servers are spoken to over sockets");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    throw new CertificateException("servers are spoken to over sockets");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    throw new CertificateException("there are no clients here");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("there are no clients here");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    throw new CertificateException("there are no clients here");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
