package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.Authenticator;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.auth.SaslExchange;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * PLAIN for everybody under the password {@code secret}; other passwords name the refusal that they
 * lead to.
 */
final class TestAuthenticator implements Authenticator {
  final AtomicInteger leases = new AtomicInteger();
  private final TestDirectory directory;

  TestAuthenticator(TestDirectory directory) {
    this.directory = directory;
  }

  @Override
  public List<String> mechanisms(AuthContext context) {
    return List.of("PLAIN");
  }

  @Override
  public boolean plainTextAllowed(AuthContext context) {
    return true;
  }

  @Override
  public boolean apopEnabled() {
    return false;
  }

  @Override
  public LoginResult login(AuthContext context, String user, byte[] password) {
    return switch (new String(password, UTF_8)) {
      case "secret" -> {
        leases.incrementAndGet();
        yield new LoginResult.Success(directory.named(user), 1, leases::decrementAndGet);
      }
      case "suspended" -> new LoginResult.Suspended();
      case "unauthorized" -> new LoginResult.NotAuthorized();
      case "tls" -> new LoginResult.TlsRequired();
      case "throttled" -> new LoginResult.Throttled();
      case "sessions" -> new LoginResult.TooManySessions();
      case "unavailable" -> new LoginResult.Unavailable();
      default -> new LoginResult.BadCredentials();
    };
  }

  @Override
  public LoginResult resume(AuthContext context, String accountId, long epoch) {
    leases.incrementAndGet();
    return new LoginResult.Success(
        directory.account(accountId).orElseThrow(), 1, leases::decrementAndGet);
  }

  @Override
  public LoginResult apop(AuthContext context, String timestamp, String user, String digest) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<SaslExchange> start(AuthContext context, String mechanism) {
    return mechanism.equals("PLAIN") ? Optional.of(new Plain(context)) : Optional.empty();
  }

  @Override
  public SaslExchange carryOn(AuthContext context, byte[] exchange) {
    if (!new String(exchange, UTF_8).equals("PLAIN")) {
      throw new IllegalArgumentException("no exchange");
    }
    return new Plain(context);
  }

  private final class Plain implements SaslExchange {
    private final AuthContext context;

    Plain(AuthContext context) {
      this.context = context;
    }

    @Override
    public Step begin(byte[] initialResponse) {
      return initialResponse == null ? new Step.Challenge(new byte[0]) : respond(initialResponse);
    }

    @Override
    public byte[] state() {
      return "PLAIN".getBytes(UTF_8);
    }

    @Override
    public Step respond(byte[] response) {
      String[] parts = new String(response, UTF_8).split("\0", -1);
      return new Step.Done(
          parts.length == 3
              ? login(context, parts[1], parts[2].getBytes(UTF_8))
              : new LoginResult.Malformed());
    }

    @Override
    public void close() {}
  }
}
