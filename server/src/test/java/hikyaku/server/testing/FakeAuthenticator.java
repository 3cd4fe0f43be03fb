package hikyaku.server.testing;

import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.Authenticator;
import hikyaku.server.auth.LoginLease;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.auth.SaslExchange;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Service;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Everybody's password is "secret", as is everybody's APOP secret; the name {@code suspended} and
 * its like get the result of that name, and {@code small} has a quota of 200 octets and 3 messages.
 */
public final class FakeAuthenticator implements Authenticator {
  private static final String SCRAM = "SCRAM-SHA-256";

  private final Authenticator scram = FixedScram.authenticator();
  private int leases;

  public volatile boolean plainTextAllowed = true;
  public volatile boolean apopEnabled;

  /** Of everybody's password. */
  public volatile long epoch = 1;

  /** How many sessions hold a lease. */
  public synchronized int leases() {
    return leases;
  }

  private synchronized void change(int by) {
    leases += by;
    notifyAll();
  }

  public synchronized void awaitNoLeases() throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (leases > 0) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        throw new AssertionError(leases + " leases are not given back");
      }
      wait(left / 1_000_000 + 1);
    }
  }

  public static Account account(String user) {
    String local = user.contains("@") ? user.substring(0, user.indexOf('@')) : user;
    return new Account(
        "id" + local,
        new Address(local, "demo.test"),
        "",
        local.equals("small") ? new Quota(200, 3) : Quota.NONE,
        false,
        Set.of(Service.IMAP, Service.POP3));
  }

  private boolean mayBePlain(AuthContext context) {
    return plainTextAllowed || context.tls();
  }

  @Override
  public List<String> mechanisms(AuthContext context) {
    return mayBePlain(context) ? List.of("PLAIN", "LOGIN") : List.of();
  }

  @Override
  public boolean plainTextAllowed(AuthContext context) {
    return mayBePlain(context);
  }

  @Override
  public boolean apopEnabled() {
    return apopEnabled;
  }

  @Override
  public LoginResult login(AuthContext context, String user, byte[] password) {
    boolean right = Arrays.equals(password, "secret".getBytes(StandardCharsets.UTF_8));
    Arrays.fill(password, (byte) 0);
    return mayBePlain(context) ? judge(user, right) : new LoginResult.TlsRequired();
  }

  @Override
  public LoginResult apop(AuthContext context, String timestamp, String user, String digest) {
    try {
      byte[] md5 =
          MessageDigest.getInstance("MD5")
              .digest((timestamp + "secret").getBytes(StandardCharsets.UTF_8));
      return judge(user, HexFormat.of().formatHex(md5).equals(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private LoginResult judge(String user, boolean right) {
    if (!right) {
      return new LoginResult.BadCredentials();
    }
    Account account = account(user);
    return switch (account.primary().localPart()) {
      case "suspended" -> new LoginResult.Suspended();
      case "unauthorized" -> new LoginResult.NotAuthorized();
      case "throttled" -> new LoginResult.Throttled();
      case "busy" -> new LoginResult.TooManySessions();
      case "unavailable" -> new LoginResult.Unavailable();
      default -> {
        change(1);
        yield new LoginResult.Success(account, epoch, new Lease());
      }
    };
  }

  @Override
  public LoginResult resume(AuthContext context, String accountId, long epochThen) {
    if (epochThen != epoch) {
      return new LoginResult.BadCredentials();
    }
    change(1);
    return new LoginResult.Success(account(accountId.substring(2)), epoch, new Lease());
  }

  private final class Lease implements LoginLease {
    private boolean closed;

    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        change(-1);
      }
    }
  }

  @Override
  public Optional<SaslExchange> start(AuthContext context, String mechanism) {
    return switch (mechanism.toUpperCase(Locale.ROOT)) {
      case "PLAIN" -> Optional.of(new Exchange(context, PLAIN));
      case "LOGIN" -> Optional.of(new Exchange(context, LOGIN));
      case "SIGNED" -> Optional.of(new Exchange(context, SIGNED));
      case SCRAM -> scram.start(context, SCRAM);
      default -> Optional.empty();
    };
  }

  @Override
  public SaslExchange carryOn(AuthContext context, byte[] state) {
    if (!Character.isDigit(state[0])) {
      return scram.carryOn(context, state);
    }
    String[] parts = new String(state, StandardCharsets.UTF_8).split(" ", 3);
    Exchange exchange =
        new Exchange(context, List.of(PLAIN, LOGIN, SIGNED).get(Integer.parseInt(parts[0]) - 1));
    exchange.step = Integer.parseInt(parts[1]);
    exchange.name = parts[2];
    return exchange;
  }

  private static final List<String> PLAIN = List.of("");
  private static final List<String> LOGIN = List.of("Username:", "Password:");

  /** One that takes a name for all it needs, and sends a signature of its own with success. */
  private static final List<String> SIGNED = List.of("", "v=signature", "");

  /** PLAIN and LOGIN, as far as the dialogue goes. */
  private final class Exchange implements SaslExchange {
    private final AuthContext context;
    private final List<String> prompts;
    private String name = "";
    private int step;

    Exchange(AuthContext context, List<String> prompts) {
      this.context = context;
      this.prompts = prompts;
    }

    @Override
    public Step begin(byte[] initialResponse) {
      if (!mayBePlain(context)) {
        return new Step.Done(new LoginResult.TlsRequired());
      }
      return initialResponse == null ? challenge() : respond(initialResponse);
    }

    private Step challenge() {
      return new Step.Challenge(prompts.get(step).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public byte[] state() {
      return (prompts.size() + " " + step + " " + name).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Step respond(byte[] response) {
      String text = new String(response, StandardCharsets.UTF_8);
      step++;
      if (prompts.size() == 1) {
        String[] parts = text.split("\0", -1);
        return new Step.Done(
            parts.length == 3
                ? judge(parts[1], parts[2].equals("secret"))
                : new LoginResult.Malformed());
      }
      if (step == 1) {
        name = text;
        return challenge();
      }
      return new Step.Done(judge(name, text.equals(prompts.equals(SIGNED) ? "" : "secret")));
    }

    @Override
    public boolean isLast() {
      return prompts.equals(SIGNED) && step == 1;
    }

    @Override
    public void close() {}
  }
}
