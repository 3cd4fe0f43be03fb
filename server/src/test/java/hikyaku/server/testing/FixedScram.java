package hikyaku.server.testing;

import hikyaku.server.auth.Argon2Parameters;
import hikyaku.server.auth.AuthSettings;
import hikyaku.server.auth.Authenticator;
import hikyaku.server.auth.ForeignLogins;
import hikyaku.server.auth.HashingLimits;
import hikyaku.server.auth.InstallationKey;
import hikyaku.server.auth.LoginGate;
import hikyaku.server.auth.Passwords;
import hikyaku.server.auth.StandardAuthenticator;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.CredentialSource;
import hikyaku.server.directory.Credentials;
import hikyaku.server.directory.DirectoryException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;

/**
 * SCRAM as it is in service, with the same salt and nonces each time, so that a transcript can have
 * all of it. Everybody's password is "secret", but {@code nobody} is nobody.
 */
final class FixedScram implements CredentialSource {
  private static final byte FIXED = 7;

  private static final SecureRandom RANDOM =
      new SecureRandom() {
        private static final long serialVersionUID = 1L;

        @Override
        public void nextBytes(byte[] octets) {
          Arrays.fill(octets, FIXED);
        }
      };

  private static final InstallationKey KEY =
      _ -> {
        byte[] key = new byte[32];
        Arrays.fill(key, FIXED);
        return key;
      };

  private static final Passwords PASSWORDS =
      new Passwords(
          new Argon2Parameters(64, 1, 1),
          new HashingLimits(1, 10, 1024, 4096),
          KEY,
          RANDOM,
          new SimpleMeterRegistry());

  private static final Credentials.Password PASSWORD = password();

  private static Credentials.Password password() {
    try {
      return PASSWORDS.hash("secret".getBytes(StandardCharsets.UTF_8));
    } catch (DirectoryException e) {
      throw new AssertionError(e);
    }
  }

  static Authenticator authenticator() {
    return new StandardAuthenticator(
        new FixedScram(),
        AuthSettings.defaults("mail.demo.test").withDefaultDomain(Optional.of("demo.test")),
        PASSWORDS,
        KEY,
        InstantSource.system(),
        _ -> {},
        LoginGate.OPEN,
        ForeignLogins.NONE,
        RANDOM,
        new SimpleMeterRegistry());
  }

  private static Known withPassword(Account account) {
    return new Known(
        account, new Credentials(account.id(), 1, 1, Optional.of(PASSWORD), Optional.empty()));
  }

  @Override
  public Optional<Known> find(Address address) {
    return Optional.of(address.localPart())
        .filter(name -> !name.equals("nobody"))
        .map(FakeAuthenticator::account)
        .map(FixedScram::withPassword);
  }

  @Override
  public Optional<Known> known(String accountId) {
    return Optional.of(withPassword(FakeAuthenticator.account(accountId.substring(2))));
  }

  @Override
  public boolean rehash(String accountId, long seen, Credentials.Password replacement) {
    throw new AssertionError("nothing to replace");
  }
}
