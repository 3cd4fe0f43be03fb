package hikyaku.server.auth;

import static hikyaku.server.auth.AuthRig.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.server.directory.Credentials;
import hikyaku.server.directory.DirectoryException.UnusablePassword;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PasswordsTest {
  private final Passwords passwords =
      new Passwords(
          AuthRig.CHEAP,
          AuthRig.LIMITS,
          AuthRig.KEY,
          new SecureRandom(),
          new SimpleMeterRegistry());

  @Test
  void aHashFromElsewhereIsAcceptedIfItCanBeChecked() throws Exception {
    String hash = passwords.hash(utf8("pencil")).phc();
    Credentials.Password kept = passwords.accept(hash);
    assertThat(kept.scram()).isEmpty();
    assertThat(passwords.matches(Optional.of(kept), utf8("pencil"))).isTrue();
    assertThat(passwords.renewed(kept, utf8("pencil")).orElseThrow().scram()).isPresent();
    for (String unusable :
        List.of(
            "",
            "pencil",
            hash + "=",
            hash.replace("argon2id", "argon2i"),
            hash.replace("m=64", "m=99999999"))) {
      assertThatThrownBy(() -> passwords.accept(unusable))
          .as(unusable)
          .isInstanceOf(UnusablePassword.class);
    }
  }

  @Test
  void aHashTakesItsPasswordOnly() throws Exception {
    Credentials.Password kept = passwords.hash(utf8("pencil"));
    assertThat(kept.phc()).startsWith("$argon2id$v=19$m=64,t=1,p=1$").doesNotContain("=$");
    assertThat(passwords.hash(utf8("pencil")).phc()).isNotEqualTo(kept.phc());
    assertThat(passwords.matches(Optional.of(kept), utf8("pencil"))).isTrue();
    for (String wrong : List.of("", "x", "Pencil", "pencil ", "pencil\0", "\u00e9")) {
      assertThat(passwords.matches(Optional.of(kept), utf8(wrong))).as(wrong).isFalse();
      assertThat(passwords.matches(Optional.empty(), utf8(wrong))).isFalse();
    }
    for (String phc :
        List.of(
            "",
            "plain",
            "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$x",
            kept.phc().replace("m=64", "m=99999999"),
            kept.phc().replace("t=1", "t=0"))) {
      assertThat(
              passwords.matches(
                  Optional.of(new Credentials.Password(phc, Optional.empty())), utf8("pencil")))
          .as(phc)
          .isFalse();
    }
    for (String unusable : List.of("", "a\nb", "x".repeat(1025))) {
      assertThatThrownBy(() -> passwords.hash(utf8(unusable))).isInstanceOf(UnusablePassword.class);
    }
  }

  @Test
  void aSealedSecretIsOneAccounts() throws Exception {
    Credentials.Sealed sealed = passwords.seal("abc", utf8("tanstaaf"));
    assertThat(sealed.ciphertext().toStringUtf8()).doesNotContain("tanstaaf");
    assertThat(passwords.sharedSecret(with("abc", sealed)).orElseThrow())
        .isEqualTo(utf8("tanstaaf"));
    assertThat(passwords.sharedSecret(with("abd", sealed))).isEmpty();
    Passwords elsewhere =
        new Passwords(
            AuthRig.CHEAP,
            AuthRig.LIMITS,
            purpose -> new byte[32],
            new SecureRandom(),
            new SimpleMeterRegistry());
    assertThat(elsewhere.sharedSecret(with("abc", sealed))).isEmpty();
    assertThat(passwords.seal("abc", utf8("tanstaaf")).nonce()).isNotEqualTo(sealed.nonce());
  }

  private static Credentials with(String id, Credentials.Sealed sealed) {
    return new Credentials(id, 1, 1, Optional.empty(), Optional.of(sealed));
  }

  @Test
  void whoFindsTheQueueFullIsSentAway() throws Exception {
    HashingPool pool = new HashingPool(new HashingLimits(1, 2, 8, 4096), new SimpleMeterRegistry());
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch second = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<String> first =
          threads.submit(() ->
              pool.forLogin(() -> {
                running.countDown();
                release.await();
                return Thread.currentThread().isVirtual() ? "virtual" : "platform";
              }));
      running.await();
      Future<String> waiting =
          threads.submit(() -> {
            second.countDown();
            return pool.forLogin(() -> "second");
          });
      second.await();
      while (pool.waiting() < 2) {
        Thread.onSpinWait();
      }
      assertThatThrownBy(() -> pool.forLogin(() -> "third")).isInstanceOf(NotNowException.class);
      Future<String> operator = threads.submit(() -> pool.forOperator(() -> "operator"));
      release.countDown();
      assertThat(first.get()).isEqualTo("platform");
      assertThat(waiting.get()).isEqualTo("second");
      assertThat(operator.get()).isEqualTo("operator");
      assertThat(pool.forLogin(() -> "again")).isEqualTo("again");
    }
    pool.close();
    assertThatThrownBy(() -> pool.forLogin(() -> "late")).isInstanceOf(NotNowException.class);
  }

  @Test
  void theKeyFileIsMadeOnceAndForItsOwner(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("installation.key");
    KeyFile made = KeyFile.open(file);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(KeyFile.open(file).derive("a")).isEqualTo(made.derive("a")).hasSize(32);
    assertThat(made.derive("b")).isNotEqualTo(made.derive("a"));
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(file);
    }
    Path copy = directory.resolve("copy");
    KeyFile.of(made.secret()).keepIn(copy);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy)))
        .isEqualTo("rw-------");
    assertThat(KeyFile.read(copy).derive("a")).isEqualTo(made.derive("a"));
    assertThat(KeyFile.read(copy).fingerprint()).isEqualTo(made.fingerprint()).hasSize(16);
    assertThatThrownBy(() -> KeyFile.of("00")).isInstanceOf(IllegalArgumentException.class);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> KeyFile.open(file)).isInstanceOf(IOException.class);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Files.write(file, new byte[31]);
    assertThatThrownBy(() -> KeyFile.open(file)).isInstanceOf(IOException.class);
  }
}
