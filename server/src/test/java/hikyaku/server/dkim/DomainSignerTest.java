package hikyaku.server.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.CredentialMaker;
import hikyaku.server.directory.Credentials;
import hikyaku.server.directory.DirectoryLimits;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.EmbeddedDirectory;
import hikyaku.server.directory.EmbeddedDirectoryAdmin;
import hikyaku.server.testing.TestClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whose mail is signed, and with what. */
class DomainSignerTest {
  private final TestClock clock = new TestClock();
  private final MemoryStore store = new MemoryStore(clock);
  private final EmbeddedDirectory directory =
      new EmbeddedDirectory(store.logs(), DirectoryLimits.DEFAULTS, Optional.empty());
  private final DkimKeys keys = new DkimKeys(store.logs(), TestKeys.sealer("a"), clock);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final DomainSigner signer = new DomainSigner(directory, keys, clock, meters);

  @BeforeEach
  void domains() throws Exception {
    EmbeddedDirectoryAdmin admin =
        new EmbeddedDirectoryAdmin(directory, new NoPasswords(), new SecureRandom());
    admin.createDomain("example.org", DomainSettings.DEFAULTS);
    admin.createDomain("sub.example.org", DomainSettings.DEFAULTS);
    activate("example.org", "r", KeyMaterial.read(SignatureTest.RSA_KEY));
    activate("example.org", "e", KeyMaterial.read(SignatureTest.ED25519_KEY));
  }

  private void activate(String domain, String selector, KeyMaterial material) throws Exception {
    keys.add(domain, Optional.of(selector), material, true);
    keys.activate(domain, selector);
  }

  private Signer.Signatures sign(String text, String... authors) throws Exception {
    return signer.sign(
        List.of(authors).stream().map(each -> Address.parse(each).orElseThrow()).toList(),
        sink -> sink.write(text.getBytes(ISO_8859_1)));
  }

  private double count(String outcome) {
    return meters.counter("hikyaku.dkim.messages", "outcome", outcome).count();
  }

  @Test
  void eachActiveKeySigns() throws Exception {
    Signer.Signatures signatures = sign("From: u@example.org\r\n\r\nhello\r\n", "u@example.org");
    assertThat(signatures.by())
        .containsExactly("r._domainkey.example.org", "e._domainkey.example.org");
    assertThat(signatures.fields())
        .contains("a=rsa-sha256", "a=ed25519-sha256", "d=example.org", "t=1795341600;");
    assertThat(sign("From: u@example.org\r\n\r\nhello\r\n", "u@example.org")).isEqualTo(signatures);
    keys.retire("example.org", "r");
    assertThat(sign("From: u@example.org\r\n\r\n", "u@example.org").by())
        .containsExactly("e._domainkey.example.org");
    assertThat(count("signed")).isEqualTo(3);
  }

  @Test
  void theServersOwnNameIsSignedForByTheDomainThatItIsIn() throws Exception {
    assertThat(sign("From: postmaster@mx.example.org\r\n\r\n", "postmaster@mx.example.org").by())
        .hasSize(2);
    // A domain of its own that has no key is not signed for by another one.
    assertThat(sign("From: u@sub.example.org\r\n\r\n", "u@sub.example.org"))
        .isEqualTo(Signer.Signatures.NONE);
  }

  @Test
  void whatIsNotOursIsNotSigned() throws Exception {
    String text = "From: u@example.org\r\n\r\n";
    assertThat(sign(text)).isEqualTo(Signer.Signatures.NONE);
    assertThat(sign(text, "u@example.net")).isEqualTo(Signer.Signatures.NONE);
    assertThat(sign(text, "u@example.org", "u@sub.example.org")).isEqualTo(Signer.Signatures.NONE);
    assertThat(count("no_key")).isEqualTo(3);
  }

  @Test
  void aHeaderThatReadersMayTakeInTwoWaysIsNotSigned() throws Exception {
    for (String text :
        List.of(
            "From: u@example.org\r\nFrom: v@example.org\r\n\r\n",
            "Subject: none\r\n\r\n",
            "From: u@example.org\r\nSubject: " + "x".repeat(SignedMessage.LONGEST_HEADER),
            "From: u@example.org\r\n" + "To: a@b\r\n".repeat(Signature.MOST_NAMES))) {
      assertThat(sign(text, "u@example.org")).isEqualTo(Signer.Signatures.NONE);
    }
    assertThat(count("unfit")).isEqualTo(4);
  }

  @Test
  void aKeyThatCannotBeReadIsToldOfAndTheOtherSigns() throws Exception {
    DkimKeys stranger = new DkimKeys(store.logs(), TestKeys.sealer("b"), clock);
    KeyMaterial fresh = KeyMaterial.generate(Algorithm.ED25519, new SecureRandom());
    stranger.add("example.org", Optional.of("theirs"), fresh, false);
    stranger.activate("example.org", "theirs");
    assertThat(sign("From: u@example.org\r\n\r\n", "u@example.org").by())
        .containsExactly("r._domainkey.example.org");
    assertThat(count("failed")).isEqualTo(1);
  }

  /** For a directory without accounts. */
  private static final class NoPasswords implements CredentialMaker {
    @Override
    public Credentials.Password hash(byte[] password) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Credentials.Password accept(String hash) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Credentials.Sealed seal(String accountId, byte[] secret) {
      throw new UnsupportedOperationException();
    }
  }
}
