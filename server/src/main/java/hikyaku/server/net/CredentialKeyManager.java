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
 * understands, and else the first. Holds the keys as they are: the one of the JDK that reads key
 * stores decrypts the key anew for each handshake.
 */
final class CredentialKeyManager extends X509ExtendedKeyManager {
  private final List<Credential> credentials;
  private final Map<String, List<Integer>> byName = new HashMap<>();

  /** The first credential, and those for the same names, with another kind of key. */
  private final List<Integer> defaults = new ArrayList<>();

  CredentialKeyManager(List<Credential> credentials) {
    this.credentials = List.copyOf(credentials);
    for (int i = 0; i < credentials.size(); i++) {
      for (String name : credentials.get(i).names()) {
        byName.computeIfAbsent(name, _ -> new ArrayList<>()).add(i);
      }
      if (i == 0 || credentials.get(i).names().equals(credentials.getFirst().names())) {
        defaults.add(i);
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

  /**
   * TLS asks for one kind of key after the other: where the name has none of this kind, another
   * kind's turn must come, not another name's certificate.
   */
  private @Nullable String choose(String keyType, @Nullable SSLSession handshake) {
    for (int i : candidates(handshake)) {
      if (fits(i, keyType)) {
        return Integer.toString(i);
      }
    }
    return null;
  }

  private List<Integer> candidates(@Nullable SSLSession handshake) {
    if (handshake instanceof ExtendedSSLSession session) {
      for (SNIServerName asked : session.getRequestedServerNames()) {
        if (asked instanceof SNIHostName host) {
          List<Integer> named = named(host.getAsciiName().toLowerCase(Locale.ROOT));
          if (!named.isEmpty()) {
            return named;
          }
        }
      }
    }
    return defaults;
  }

  /** By the name itself, and by a wildcard for its first label (RFC 6125 §6.4.3). */
  private List<Integer> named(String name) {
    int dot = name.indexOf('.');
    List<Integer> named = new ArrayList<>(byName.getOrDefault(name, List.of()));
    if (dot >= 0) {
      named.addAll(byName.getOrDefault("*" + name.substring(dot), List.of()));
    }
    return named;
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
