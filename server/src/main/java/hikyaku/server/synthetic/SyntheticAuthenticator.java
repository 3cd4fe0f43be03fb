package hikyaku.server.synthetic;

import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.Authenticator;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.auth.SaslExchange;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Logs synthetic users in. There is no password: who is in a probe's session came with the link's
 * key and a ticket for that very session, and finds nobody else's mail here.
 */
public final class SyntheticAuthenticator implements Authenticator {
  private final SyntheticAccounts accounts;

  public SyntheticAuthenticator(SyntheticAccounts accounts) {
    this.accounts = accounts;
  }

  @Override
  public List<String> mechanisms(AuthContext context) {
    return List.of();
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
    Arrays.fill(password, (byte) 0);
    return result(Address.parse(user).flatMap(accounts::account));
  }

  @Override
  public LoginResult apop(AuthContext context, String timestamp, String user, String digest) {
    return new LoginResult.BadCredentials();
  }

  @Override
  public LoginResult resume(AuthContext context, String accountId, long epoch) {
    return result(accounts.account(accountId));
  }

  private static LoginResult result(Optional<Account> account) {
    return account
        .<LoginResult>map(found -> new LoginResult.Success(found, 0, () -> {}))
        .orElseGet(LoginResult.BadCredentials::new);
  }

  @Override
  public Optional<SaslExchange> start(AuthContext context, String mechanism) {
    return Optional.empty();
  }

  @Override
  public SaslExchange carryOn(AuthContext context, byte[] exchange) {
    throw new IllegalArgumentException("synthetic users have no exchanges");
  }
}
