package hikyaku.server.auth;

import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.auth.AuthContext.ChannelBindings;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.directory.DirectoryLimits;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.EmbeddedDirectory;
import hikyaku.server.directory.EmbeddedDirectoryAdmin;
import hikyaku.server.directory.Service;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/** An authenticator over a directory in memory, its clock in the test's hand. */
final class AuthRig implements AutoCloseable {
  static final Argon2Parameters CHEAP = new Argon2Parameters(64, 1, 1);
  static final HashingLimits LIMITS = new HashingLimits(2, 100, 1024, 4096);
  static final InstallationKey KEY = purpose -> Crypto.hash(Crypto.ascii("test " + purpose));
  static final String REMOTE = "192.0.2.7";

  final MemoryStore store = new MemoryStore();
  final AtomicLong storeCalls = new AtomicLong();
  final EmbeddedDirectory directory =
      new EmbeddedDirectory(counted(store.logs()), DirectoryLimits.DEFAULTS, Optional.empty());
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final List<Duration> pauses = new ArrayList<>();
  final Passwords passwords;
  final EmbeddedDirectoryAdmin admin;
  final StandardAuthenticator authenticator;
  LoginGate gate = LoginGate.OPEN;
  Instant now = Instant.parse("2026-01-01T00:00:00Z");

  AuthRig() {
    this(settings(), CHEAP, LIMITS);
  }

  AuthRig(AuthSettings settings) {
    this(settings, CHEAP, LIMITS);
  }

  AuthRig(AuthSettings settings, Argon2Parameters parameters, HashingLimits limits) {
    passwords = new Passwords(parameters, limits, KEY, new SecureRandom(), meters);
    admin = new EmbeddedDirectoryAdmin(directory, passwords, new Random(1));
    authenticator = authenticator(settings, passwords);
    try {
      admin.createDomain("demo.test", DomainSettings.DEFAULTS);
    } catch (DirectoryException impossible) {
      throw new AssertionError(impossible);
    }
  }

  static AuthSettings settings() {
    return AuthSettings.defaults("mail.demo.test")
        .withDefaultDomain(Optional.of("demo.test"))
        .withSharedSecrets(true);
  }

  StandardAuthenticator authenticator(AuthSettings settings, Passwords with) {
    return new StandardAuthenticator(
        directory,
        settings,
        with,
        KEY,
        () -> now,
        duration -> {
          pauses.add(duration);
          now = now.plus(duration);
        },
        new LoginGate() {
          @Override
          public Answer enter(String session, Address account) {
            return gate.enter(session, account);
          }

          @Override
          public int nodes() {
            return gate.nodes();
          }
        },
        ForeignLogins.NONE,
        new SecureRandom(),
        meters);
  }

  private LogStore counted(LogStore logs) {
    return (LogStore)
        Proxy.newProxyInstance(
            LogStore.class.getClassLoader(),
            new Class<?>[] {LogStore.class},
            (_, method, arguments) -> {
              storeCalls.incrementAndGet();
              try {
                return method.invoke(logs, arguments);
              } catch (InvocationTargetException thrown) {
                throw thrown.getCause();
              }
            });
  }

  Account account(String user, String password) throws DirectoryException {
    return admin.createAccount(new Address(user, "demo.test"), utf8(password));
  }

  long hashes() {
    return meters.get("hikyaku.password.hash").timer().count();
  }

  double logins(String result) {
    return meters.find("hikyaku.logins").tag("result", result).counters().stream()
        .mapToDouble(counter -> counter.count())
        .sum();
  }

  static AuthContext tls(Service service) {
    return tls(service, REMOTE);
  }

  static AuthContext tls(Service service, String remote) {
    ChannelBindings exporter =
        type ->
            type.equals(ChannelBindings.TLS_EXPORTER)
                ? Optional.of(utf8("exported keying material of 32!!"))
                : Optional.empty();
    return new AuthContext("s1", service, InetAddress.ofLiteral(remote), 4000, true, exporter);
  }

  static AuthContext clear(Service service, String remote) {
    return new AuthContext(
        "s2", service, InetAddress.ofLiteral(remote), 4000, false, ChannelBindings.NONE);
  }

  LoginResult login(String user, String password) {
    return login(REMOTE, user, password);
  }

  LoginResult login(String remote, String user, String password) {
    LoginResult result = authenticator.login(tls(Service.IMAP, remote), user, utf8(password));
    if (result instanceof LoginResult.Success success) {
      success.lease().close();
    }
    return result;
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    passwords.close();
    store.close();
  }
}
