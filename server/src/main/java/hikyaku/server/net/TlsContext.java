package hikyaku.server.net;

import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * How this server speaks TLS: its credentials, versions and preferences. Immutable; new
 * certificates are a new context ({@link NetServer#useTls}), which also forgets the old sessions.
 */
public final class TlsContext {
  private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

  private final SSLContext context;
  private final List<Credential> credentials;

  private TlsContext(SSLContext context, List<Credential> credentials) {
    this.context = context;
    this.credentials = credentials;
  }

  /**
   * A context that shows the credential whose names match what the client asks for, and else the
   * first. Credentials of different kinds of keys for the same names stand in for each other.
   */
  public static TlsContext of(List<Credential> credentials) {
    if (credentials.isEmpty()) {
      throw new IllegalArgumentException("TLS needs a certificate");
    }
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          new KeyManager[] {new CredentialKeyManager(credentials)},
          new TrustManager[] {new NobodyTrusted()},
          null);
      return new TlsContext(context, List.copyOf(credentials));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no TLS", e);
    }
  }

  /** For servers of other kinds. */
  public SSLContext context() {
    return context;
  }

  public List<Credential> credentials() {
    return credentials;
  }

  /** For one connection that was accepted. */
  public SSLEngine engine(List<String> alpn) {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(VERSIONS);
    parameters.setUseCipherSuitesOrder(true);
    parameters.setApplicationProtocols(alpn.toArray(String[]::new));
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** No client is asked for a certificate; the runtime's list of authorities need not be read. */
  private static final class NobodyTrusted implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType)
        throws CertificateException {
      throw new CertificateException("client certificates are not accepted");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
        throws CertificateException {
      throw new CertificateException("this is a server");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
