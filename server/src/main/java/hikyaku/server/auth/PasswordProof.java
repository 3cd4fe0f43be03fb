package hikyaku.server.auth;

import hikyaku.mailbox.store.StoreException;
import hikyaku.server.directory.CredentialSource;
import hikyaku.server.directory.CredentialSource.Known;
import hikyaku.server.directory.Credentials;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The password itself. The array belongs to the caller, who clears it. */
final class PasswordProof implements Proof {
  private static final Logger log = LoggerFactory.getLogger(PasswordProof.class);

  private final byte[] password;
  private final Passwords passwords;
  private final VerifiedPasswords verified;
  private final CredentialSource source;

  PasswordProof(
      byte[] password, Passwords passwords, VerifiedPasswords verified, CredentialSource source) {
    this.password = password;
    this.passwords = passwords;
    this.verified = verified;
    this.source = source;
  }

  @Override
  public boolean matches(Optional<Known> known) throws NotNowException, InterruptedException {
    Optional<byte[]> mark =
        known
            .map(Known::credentials)
            .map(kept -> verified.fingerprint(kept.accountId(), kept.version(), password));
    if (mark.isPresent() && verified.contains(mark.get())) {
      return true;
    }
    boolean right =
        passwords.matches(known.map(Known::credentials).flatMap(Credentials::password), password);
    if (right && mark.isPresent()) {
      verified.add(mark.get());
      renew(known.get().credentials());
    }
    return right;
  }

  /** Brings the kept hash up to today's parameters. A failure costs nobody the login. */
  private void renew(Credentials kept) throws InterruptedException {
    try {
      Optional<Credentials.Password> renewed =
          passwords.renewed(kept.password().orElseThrow(), password);
      if (renewed.isPresent() && source.rehash(kept.accountId(), kept.version(), renewed.get())) {
        log.atInfo().addKeyValue("account", kept.accountId()).log("password hashed anew");
      }
    } catch (NotNowException | StoreException failure) {
      log.atWarn()
          .addKeyValue("account", kept.accountId())
          .setCause(failure)
          .log("password could not be hashed anew");
    }
  }

  @Override
  public byte[] password() {
    return password;
  }

  @Override
  public byte @Nullable [] fingerprint(String name) {
    return verified.fingerprint(name, 0, password);
  }
}
