package hikyaku.server.smtpclient;

import hikyaku.server.mtasts.StsPolicies;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.function.Function;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * What TLS with other servers is judged by.
 *
 * @param policies what is known of a domain's policy
 * @param trusted who vouches for names
 */
public record TlsMeans(
    Function<String, StsPolicies.Found> policies,
    X509ExtendedTrustManager trusted,
    TlsObserver observer) {

  /** Those whom the machine trusts. */
  public static X509ExtendedTrustManager machine() {
    return trusting(null);
  }

  /**
   * Those whose certificates are in the store.
   *
   * @param roots null for those of the machine
   */
  static X509ExtendedTrustManager trusting(@Nullable KeyStore roots) {
    try {
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(roots);
      return Arrays.stream(factory.getTrustManagers())
          .filter(X509ExtendedTrustManager.class::isInstance)
          .map(X509ExtendedTrustManager.class::cast)
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("this Java runtime checks no names"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime checks no certificates", e);
    }
  }
}
