package hikyaku.app;

import hikyaku.server.directory.Address;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.directory.DomainSettings;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The domain and accounts that a first start makes, so that there is something to try. */
final class Demo {
  static final String DOMAIN = "demo.test";

  /** Letters and digits that are not mistaken for each other, and that no shell understands. */
  private static final String ALPHABET = "abcdefghjkmnpqrstvwxyz23456789";

  private static final int GROUPS = 4;
  private static final int GROUP = 4;

  /** An account and the password that is told once. */
  record Login(String address, String password) {}

  private Demo() {}

  /** Makes it if there is no domain at all, and tells the logins. */
  static Optional<List<Login>> create(Core core) throws Failure {
    if (!core.directory().domains(null, 1).isEmpty()) {
      return Optional.empty();
    }
    try {
      core.directoryAdmin().createDomain(DOMAIN, DomainSettings.DEFAULTS);
      List<Login> logins = new ArrayList<>();
      for (String name : List.of("alice", "bob")) {
        String password = password(core.random());
        Address address = new Address(name, DOMAIN);
        core.directoryAdmin().createAccount(address, password.getBytes(StandardCharsets.US_ASCII));
        logins.add(new Login(address.toString(), password));
      }
      return Optional.of(logins);
    } catch (DirectoryException e) {
      throw new Failure("The demo domain cannot be made: " + e.getMessage() + ".", e);
    }
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
