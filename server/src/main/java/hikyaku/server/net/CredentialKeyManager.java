package hikyaku.server.net;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a credential by the host name that the client asks for and the kind of key that it
 * understands, and else the first of that kind. Holds the keys as they are: the one of the JDK that
 * reads key stores decrypts the key anew for each handshake.
 */
final class CredentialKeyManager extends X509ExtendedKeyManager {
  private final List<Credential> credentials;
  private final Map<String, List<Integer>> byName = new HashMap<>();

  CredentialKeyManager(List<Credential> credentials) {
    this.credentials = List.copyOf(credentials);
    for (int i = 0; i < credentials.size(); i++) {
      for (String name : credentials.get(i).names()) {
        byName.computeIfAbsent(name, _ -> new ArrayList<>()).add(i);
      }
    }
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    return choose(keyType, engine.getHandshakeSession());
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return choose(keyType, socket instanceof SSLSocket tls ? tls.getHandshakeSession() : null);
  }

  private @Nullable String choose(String keyType, @Nullable SSLSession handshake) {
    if (handshake instanceof ExtendedSSLSession session) {
      for (SNIServerName asked : session.getRequestedServerNames()) {
        if (asked instanceof SNIHostName host) {
          String alias = aliasFor(host.getAsciiName().toLowerCase(Locale.ROOT), keyType);
          if (alias != null) {
            return alias;
          }
        }
      }
    }
    for (int i = 0; i < credentials.size(); i++) {
      if (fits(i, keyType)) {
        return Integer.toString(i);
      }
    }
    return null;
  }

  /** By the name itself, and by a wildcard for its first label (RFC 6125 §6.4.3). */
  private @Nullable String aliasFor(String name, String keyType) {
    int dot = name.indexOf('.');
    String wildcard = dot < 0 ? name : "*" + name.substring(dot);
    for (String candidate : List.of(name, wildcard)) {
      for (int i : byName.getOrDefault(candidate, List.of())) {
        if (fits(i, keyType)) {
          return Integer.toString(i);
        }
      }
    }
    return null;
  }

  private boolean fits(int index, String keyType) {
    return credentials.get(index).chain().getFirst().getPublicKey().getAlgorithm().equals(keyType);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    return credentials.get(Integer.parseInt(alias)).chain().toArray(X509Certificate[]::new);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    return credentials.get(Integer.parseInt(alias)).key();
  }

  // What follows is asked of clients only.

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }
}
