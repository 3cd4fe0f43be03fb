package hikyaku.app;

import hikyaku.app.Door.Call;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DomainOperations;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;

/** The domain and accounts that a first start makes, so that there is something to try. */
public final class Demo {
  public static final String DOMAIN = "demo.test";

  /** Letters and digits that are not mistaken for each other, and that no shell understands. */
  private static final String ALPHABET = "abcdefghjkmnpqrstvwxyz23456789";

  private static final int GROUPS = 4;
  private static final int GROUP = 4;

  /** An account and the password that is told once. */
  public record Login(String address, String password) {}

  private Demo() {}

  /** Makes it if there is no domain at all, and tells the logins. */
  static Optional<List<Login>> create(Core core) throws Failure {
    if (!core.directory().domains(null, 1).isEmpty()) {
      return Optional.empty();
    }
    try {
      core.directoryAdmin().createDomain(DOMAIN, DomainSettings.DEFAULTS);
      List<Login> logins = logins();
      for (Login login : logins) {
        core.directoryAdmin()
            .createAccount(
                Address.parse(login.address).orElseThrow(),
                login.password.getBytes(StandardCharsets.US_ASCII));
      }
      return Optional.of(logins);
    } catch (DirectoryException e) {
      throw new Failure("The demo domain cannot be made: " + e.getMessage() + ".", e);
    }
  }

  /** The same through the interface of a node that runs. */
  public static Optional<List<Login>> create(Door door) throws Failure {
    if (!door.call(Call.of("GET", "domains")).isEmpty()) {
      return Optional.empty();
    }
    door.call(Call.of("POST", "domains").withBody(new DomainOperations.New(DOMAIN)));
    List<Login> logins = logins();
    for (Login login : logins) {
      door.call(
          Call.of("POST", "accounts")
              .withBody(new AccountOperations.New(login.address, login.password, null)));
    }
    return Optional.of(logins);
  }

  private static List<Login> logins() {
    SecureRandom random = new SecureRandom();
    return List.of(
        new Login("alice@" + DOMAIN, password(random)),
        new Login("bob@" + DOMAIN, password(random)));
  }

  /** About 78 bits. */
  private static String password(SecureRandom random) {
    StringBuilder password = new StringBuilder();
    for (int i = 0; i < GROUPS * GROUP; i++) {
      if (i > 0 && i % GROUP == 0) {
        password.append('-');
      }
      password.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return password.toString();
  }
}
