package hikyaku.server.dkim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.testing.TestClock;
import java.io.StringWriter;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.junit.jupiter.api.Test;

/** The way of a key from its making to its end, as two nodes see it. */
class DkimKeysTest {
  private static final String DOMAIN = "example.org";
  private static final Optional<String> DATED = Optional.empty();

  private final TestClock clock = new TestClock();
  private final MemoryStore store = new MemoryStore(clock);
  private final DkimKeys here = new DkimKeys(store.logs(), TestKeys.sealer("a"), clock);
  private final DkimKeys there = new DkimKeys(store.logs(), TestKeys.sealer("a"), clock);

  private static KeyMaterial ed25519() {
    return KeyMaterial.generate(Algorithm.ED25519, new SecureRandom());
  }

  private static List<String> states(DkimKeys keys) {
    return keys.keys(DOMAIN).stream().map(key -> key.selector() + " " + key.state()).toList();
  }

  private static List<String> signing(DkimKeys keys) {
    return keys.signing(DOMAIN).stream().map(each -> each.of().selector()).toList();
  }

  @Test
  void aKeyIsMadePublishedActivatedReplacedAndDeleted() throws Exception {
    DkimKey first = here.add(DOMAIN, DATED, ed25519(), false);
    assertThat(first.selector()).isEqualTo("20261122e");
    assertThat(first.recordName()).isEqualTo("20261122e._domainkey.example.org");
    assertThat(signing(there)).isEmpty();
    here.activate(DOMAIN, "20261122e");
    assertThat(signing(there)).containsExactly("20261122e");
    there.add(DOMAIN, DATED, ed25519(), false);
    there.add(DOMAIN, Optional.of("RSA.one"), KeyMaterial.read(SignatureTest.RSA_KEY), true);
    there.activate(DOMAIN, "rsa.one");
    there.activate(DOMAIN, "20261122e2");
    assertThat(states(here))
        .containsExactly("20261122e RETIRED", "20261122e2 ACTIVE", "rsa.one ACTIVE");
    assertThat(signing(here)).containsExactly("rsa.one", "20261122e2");
    DkimKey retired = here.key(DOMAIN, "20261122e").orElseThrow();
    assertThat(retired.publishedUntil()).isEqualTo(clock.instant().plus(DkimKey.STAYS_PUBLISHED));
    assertThatThrownBy(() -> here.delete(DOMAIN, "rsa.one")).hasMessageContaining("signs");
    here.delete(DOMAIN, "20261122e");
    assertThat(states(there)).containsExactly("20261122e2 ACTIVE", "rsa.one ACTIVE");
    // A fold from the beginning is the same as one that was brought up to date.
    assertThat(new DkimKeys(store.logs(), TestKeys.sealer("a"), clock).keys(DOMAIN))
        .isEqualTo(there.keys(DOMAIN));
    there.retire(DOMAIN, "rsa.one");
    assertThat(signing(here)).containsExactly("20261122e2");
  }

  @Test
  void ofADeletedKeyNothingIsLeft() throws Exception {
    ByteString sealed =
        here.add(DOMAIN, Optional.of("gone"), ed25519(), false).sealed().ciphertext();
    here.add(DOMAIN, Optional.of("stays"), ed25519(), false);
    assertThat(kept()).anyMatch(octets -> contains(octets, sealed));
    there.delete(DOMAIN, "gone");
    assertThat(kept()).isNotEmpty().noneMatch(octets -> contains(octets, sealed));
    assertThat(states(here)).containsExactly("stays NEW");
    here.forget(DOMAIN);
    assertThat(states(there)).isEmpty();
    there.add(DOMAIN, Optional.of("gone"), ed25519(), false);
    assertThat(states(here)).containsExactly("gone NEW");
  }

  /** All that the store has of the domain's keys. */
  private List<ByteString> kept() {
    List<ByteString> kept = new ArrayList<>();
    store.logs().snapshot(DkimKeys.log(DOMAIN)).ifPresent(each -> kept.add(each.state()));
    store.logs().read(DkimKeys.log(DOMAIN), 0, Long.MAX_VALUE, 100).stream()
        .map(Entry::payload)
        .forEach(kept::add);
    return kept;
  }

  private static boolean contains(ByteString octets, ByteString part) {
    for (int i = 0; i + part.size() <= octets.size(); i++) {
      if (octets.substring(i, i + part.size()).equals(part)) {
        return true;
      }
    }
    return false;
  }

  @Test
  void privateKeysAreUnderTheInstallationsKey() throws Exception {
    KeyMaterial material = ed25519();
    DkimKey key = here.add(DOMAIN, DATED, material, false);
    here.activate(DOMAIN, key.selector());
    ByteString secret = ByteString.copyFrom(material.pkcs8());
    assertThat(kept()).noneMatch(octets -> contains(octets, secret));
    assertThat(here.signing(DOMAIN)).allMatch(each -> each.key().isPresent());
    DkimKeys stranger = new DkimKeys(store.logs(), TestKeys.sealer("b"), clock);
    assertThat(stranger.signing(DOMAIN)).hasSize(1).allMatch(each -> each.key().isEmpty());
  }

  @Test
  void selectorsMustFitIntoDns() {
    for (String wrong : List.of("", ".", "a..b", "-a", "a_b", "ä", "a b", "x".repeat(64))) {
      assertThatThrownBy(() -> here.add(DOMAIN, Optional.of(wrong), ed25519(), false))
          .isInstanceOf(DkimException.class);
    }
    String label = "x".repeat(60) + ".";
    assertThatThrownBy(() -> here.add(DOMAIN, Optional.of(label.repeat(4) + "x"), ed25519(), false))
        .hasMessageContaining("too long");
    assertThat(here.keys(DOMAIN)).isEmpty();
  }

  @Test
  void aDomainHasSoManyKeysAndNoMore() throws Exception {
    for (int i = 0; i < DkimKeys.MOST; i++) {
      here.add(DOMAIN, DATED, ed25519(), false);
    }
    assertThatThrownBy(() -> there.add(DOMAIN, DATED, ed25519(), false))
        .hasMessageContaining("20 keys already");
    assertThatThrownBy(() -> there.activate(DOMAIN, "nobody")).hasMessageContaining("no key");
  }

  @Test
  void keysOfOtherProgramsAreRead() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair pair = generator.generateKeyPair();
    KeyMaterial rsa = KeyMaterial.read(pem(pair.getPrivate()));
    assertThat(rsa.publicKey()).isEqualTo(ByteString.copyFrom(pair.getPublic().getEncoded()));
    assertThat(KeyMaterial.bits(Algorithm.RSA, rsa.publicKey())).isEqualTo(2048);
    KeyPair edwards = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    assertThat(KeyMaterial.read(pem(edwards.getPrivate())).publicKey().toByteArray())
        .isEqualTo(java.util.Arrays.copyOfRange(edwards.getPublic().getEncoded(), 12, 44));
    for (String wrong :
        List.of(
            "",
            "AAAA",
            pem(edwards.getPublic()),
            pem(KeyPairGenerator.getInstance("EC").generateKeyPair().getPrivate()),
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            SignatureTest.RSA_KEY.substring(0, 300))) {
      assertThatThrownBy(() -> KeyMaterial.read(wrong)).isInstanceOf(DkimException.class);
    }
    generator.initialize(512);
    String weak = pem(generator.generateKeyPair().getPrivate());
    assertThatThrownBy(() -> KeyMaterial.read(weak)).hasMessageContaining("this one has 512");
  }

  private static String pem(Object key) throws Exception {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(key);
    }
    return text.toString();
  }
}
