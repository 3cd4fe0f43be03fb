package hikyaku.server.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.memory.Faults.Call;
import hikyaku.mailbox.store.memory.Faults.When;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.directory.Resolution.Local;
import hikyaku.server.directory.Resolution.NotLocal;
import hikyaku.server.directory.Resolution.Suspended;
import hikyaku.server.directory.Resolution.Target;
import hikyaku.server.directory.Resolution.TooManyExpansions;
import hikyaku.server.directory.Resolution.UnknownRecipient;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EmbeddedDirectoryTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private final MemoryStore store = new MemoryStore(Clock.fixed(NOW, ZoneOffset.UTC));
  private final EmbeddedDirectory directory =
      new EmbeddedDirectory(store.logs(), DirectoryLimits.DEFAULTS, Optional.empty());
  private final EmbeddedDirectoryAdmin admin =
      new EmbeddedDirectoryAdmin(directory, new PlainMaker(), new Random(1));

  /** Keeps passwords as they are, which shows where they went. */
  private static final class PlainMaker implements CredentialMaker {
    @Override
    public Credentials.Password hash(byte[] password) {
      return new Credentials.Password(
          new String(password, StandardCharsets.UTF_8), Optional.empty());
    }

    @Override
    public Credentials.Password accept(String hash) {
      return new Credentials.Password(hash, Optional.empty());
    }

    @Override
    public Credentials.Sealed seal(String accountId, byte[] secret) {
      return new Credentials.Sealed(
          ByteString.copyFromUtf8(accountId), ByteString.copyFrom(secret));
    }
  }

  @BeforeEach
  void makeDomain() throws DirectoryException {
    admin.createDomain("Demo.Test", DomainSettings.DEFAULTS);
  }

  /** After every test: nothing that can never be is, and a repair leaves nothing to repair. */
  @AfterEach
  void invariants() {
    store.faults().clear();
    DirectoryCheck check = new DirectoryCheck(directory, () -> NOW.plusSeconds(3600));
    List<String> problems = new ArrayList<>();
    assertThat(check.check(Duration.ofMinutes(1), true, problems::add).violations())
        .as("%s", problems)
        .isZero();
    DirectoryCheck.Report again = check.check(Duration.ofMinutes(1), true, problems::add);
    assertThat(again.leftovers()).as("%s", problems).isZero();
  }

  private static Address address(String text) {
    return Address.parse(text).orElseThrow();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Account account(String text) throws DirectoryException {
    return admin.createAccount(address(text), utf8("secret"));
  }

  private Resolution resolve(String text) {
    int at = text.lastIndexOf('@');
    return directory.resolve(text.substring(0, at), text.substring(at + 1));
  }

  private List<String> reached(String recipient) {
    assertThat(resolve(recipient)).as(recipient).isInstanceOf(Local.class);
    return ((Local) resolve(recipient))
        .targets().stream().map(t -> t.reachedBy() + "|" + t.detail()).toList();
  }

  @Test
  void anAccountIsFoundByItsAddressInAnySpelling() throws DirectoryException {
    Account made = account("Alice@DEMO.test");
    assertThat(made.id()).matches("[a-z2-7]{12}");
    assertThat(made.primary()).hasToString("alice@demo.test");
    assertThat(made.services()).isEqualTo(EnumSet.allOf(Service.class));
    assertThat(directory.accountByAddress(address("ALICE@demo.TEST"))).contains(made);
    assertThat(directory.account(made.id())).contains(made);
    assertThat(directory.account("../../etc/pw")).isEmpty();
    assertThat(directory.account("a".repeat(600))).isEmpty();
    assertThat(reached("aLiCe@Demo.Test")).containsExactly("alice@demo.test|");
    assertThatThrownBy(() -> account("alice@demo.test"))
        .isInstanceOf(DirectoryException.AlreadyExists.class);
    assertThatThrownBy(() -> account("alice@other.test"))
        .isInstanceOf(DirectoryException.NoSuchDomain.class);
  }

  @Test
  void internationalAddressesHaveOneForm() throws DirectoryException {
    admin.createDomain("例え.test", DomainSettings.DEFAULTS);
    Account made = account("Jose\u0301@例え.test");
    assertThat(made.primary()).isEqualTo(new Address("jos\u00e9", "xn--r8jz45g.test"));
    assertThat(directory.accountByAddress(address("JOS\u00c9@XN--R8JZ45G.TEST"))).contains(made);
    assertThat(address("\u0391\u03a3@demo.test")).isEqualTo(address("\u03b1\u03c2@demo.test"));
    assertThat(Address.parse("a@b..c")).isEmpty();
    assertThat(Address.parse("a@b/c")).isEmpty();
    assertThat(Address.parse("a@" + "x".repeat(300))).isEmpty();
    assertThat(Address.canonicalDomain("a@b")).isEmpty();
    assertThat(Address.canonicalDomain("")).isEmpty();
    assertThat(Address.parse("a@[192.0.2.1]")).isEmpty();
    assertThat(Address.parse("a\u0000b@c")).isEmpty();
    assertThat(Address.parse("\ud800@c")).isEmpty();
    assertThat(Address.parse("x".repeat(Address.MAX_LOCAL_PART + 1) + "@c")).isEmpty();
    assertThat(Address.parse("\u00e9".repeat(Address.MAX_LOCAL_PART / 2 + 1) + "@c")).isEmpty();
    assertThat(resolve("a@[192.0.2.1]")).isInstanceOf(NotLocal.class);
    assertThat(resolve("x".repeat(Address.MAX_LOCAL_PART + 1) + "@demo.test"))
        .isInstanceOf(UnknownRecipient.class);
  }

  @Test
  void aSubAddressKeepsTheCaseOfItsDetail() throws DirectoryException {
    account("alice@demo.test");
    account("alice+own@demo.test");
    assertThat(reached("Alice+Lists+Java@demo.test")).containsExactly("alice@demo.test|Lists+Java");
    assertThat(reached("alice+@demo.test")).containsExactly("alice@demo.test|");
    assertThat(reached("alice+OWN@demo.test")).containsExactly("alice+own@demo.test|");
    assertThat(resolve("+alice@demo.test")).isInstanceOf(UnknownRecipient.class);
    assertThat(resolve("alice-x@demo.test")).isInstanceOf(UnknownRecipient.class);
    admin.setDomainSettings("demo.test", DomainSettings.DEFAULTS.withSeparators("-"));
    assertThat(reached("alice-X@demo.test")).containsExactly("alice@demo.test|X");
    assertThat(resolve("alice+x@demo.test")).isInstanceOf(UnknownRecipient.class);
    admin.setDomainSettings("demo.test", DomainSettings.DEFAULTS.withSeparators(""));
    assertThat(resolve("alice+x@demo.test")).isInstanceOf(UnknownRecipient.class);
  }

  /** A domain whose separator is a hyphen has lists whose members can leave all the same. */
  @Test
  void whatAListIsAskedIsNoSubAddress() throws DirectoryException {
    account("my@demo.test");
    admin.createList(address("news@demo.test"));
    admin.createList(address("my-news@demo.test"));
    admin.setAlias(address("news-owner@demo.test"), List.of(address("my@demo.test")));
    for (String separators : List.of("+", "-", "+-", "")) {
      admin.setDomainSettings("demo.test", DomainSettings.DEFAULTS.withSeparators(separators));
      for (String list : List.of("news", "my-news")) {
        assertThat(resolve(list + "-unsubscribe+abc@demo.test"))
            .as(separators)
            .isEqualTo(
                new Local(
                    List.of(),
                    List.of(),
                    List.of(
                        new Resolution.Listed(
                            address(list + "@demo.test"), ListRole.UNSUBSCRIBE, "abc")),
                    Writers.ANYONE));
      }
      assertThat(reached("news-owner@demo.test")).containsExactly("my@demo.test|");
    }
    admin.setDomainSettings("demo.test", DomainSettings.DEFAULTS.withSeparators("-"));
    assertThat(reached("my-x@demo.test")).containsExactly("my@demo.test|x");
    assertThat(((Local) resolve("news-x@demo.test")).lists())
        .containsExactly(new Resolution.Listed(address("news@demo.test"), ListRole.POST, ""));
    admin.setDomainSettings("demo.test", DomainSettings.DEFAULTS);
    assertThat(reached("news-owner+x@demo.test")).containsExactly("my@demo.test|");
  }

  @Test
  void anAliasLeadsToSeveralAccountsEachOnce() throws DirectoryException {
    account("alice@demo.test");
    account("bob@demo.test");
    admin.setAlias(
        address("team@demo.test"),
        List.of(address("alice+team@demo.test"), address("all@demo.test")));
    admin.setAlias(
        address("all@demo.test"), List.of(address("alice@demo.test"), address("bob@demo.test")));
    assertThat(reached("team@demo.test")).containsExactly("alice@demo.test|team", "bob@demo.test|");
    assertThat(reached("team+detail@demo.test"))
        .containsExactly("alice@demo.test|team", "bob@demo.test|");
    assertThat(directory.aliases("demo.test", null, 1))
        .extracting(a -> a.address().toString())
        .containsExactly("all@demo.test");
    assertThat(directory.aliases("demo.test", address("all@demo.test"), 10))
        .extracting(a -> a.address().toString())
        .containsExactly("team@demo.test");
    assertThatThrownBy(() -> account("team@demo.test"))
        .isInstanceOf(DirectoryException.AlreadyExists.class);
    assertThatThrownBy(
            () -> admin.setAlias(address("bob@demo.test"), List.of(address("all@demo.test"))))
        .isInstanceOf(DirectoryException.AlreadyExists.class);
    admin.removeAlias(address("team@demo.test"));
    assertThat(resolve("team@demo.test")).isInstanceOf(UnknownRecipient.class);
    assertThatThrownBy(() -> admin.removeAlias(address("team@demo.test")))
        .isInstanceOf(DirectoryException.NoSuchAlias.class);
  }

  @Test
  void anAliasLeadsElsewhereToo() throws DirectoryException {
    Account alice = account("alice@demo.test");
    admin.setAlias(
        address("out@demo.test"), List.of(address("x@far.test"), address("back@demo.test")));
    admin.setAlias(
        address("back@demo.test"),
        List.of(address("out@demo.test"), address("X@Far.Test"), address("y@far.test")));
    assertThat(resolve("out@demo.test"))
        .isEqualTo(
            new Local(
                List.of(), List.of(address("x@far.test"), address("y@far.test")), Writers.ANYONE));
    assertThat(admin.changeAlias(address("back@demo.test"), List.of(alice.primary()), List.of()))
        .isEqualTo(directory.alias(address("back@demo.test")).orElseThrow());
    assertThat(((Local) resolve("out@demo.test")).targets())
        .containsExactly(new Target(alice, alice.primary(), ""));
    // The domain becomes ours: its addresses are somebody's or nobody's.
    admin.createDomain("far.test", DomainSettings.DEFAULTS);
    assertThat(resolve("out@demo.test"))
        .isEqualTo(new Local(List.of(new Target(alice, alice.primary(), ""))));
    admin.changeAlias(address("out@demo.test"), List.of(), List.of(address("back@demo.test")));
    assertThat(resolve("out@demo.test")).isInstanceOf(UnknownRecipient.class);
    assertThatThrownBy(() ->
            admin.changeAlias(address("out@demo.test"), List.of(), List.of(address("x@far.test"))))
        .isInstanceOf(DirectoryException.InvalidAddress.class);
    assertThatThrownBy(() -> admin.changeAlias(alice.primary(), List.of(), List.of()))
        .isInstanceOf(DirectoryException.NoSuchAlias.class);
  }

  /** Mail that nobody wants is not to be spread. */
  @Test
  void aCatchAllAndAPostmasterLeadNowhereElse() throws DirectoryException {
    admin.setDomainSettings(
        "demo.test",
        DomainSettings.DEFAULTS
            .withCatchAll(Optional.of(address("x@far.test")))
            .withPostmaster(Optional.of(address("y@far.test"))));
    assertThat(resolve("nobody@demo.test")).isInstanceOf(UnknownRecipient.class);
    assertThat(resolve("postmaster@demo.test")).isInstanceOf(UnknownRecipient.class);
    admin.setAlias(address("postmaster@demo.test"), List.of(address("y@far.test")));
    assertThat(directory.resolvePostmaster())
        .isEqualTo(new Local(List.of(), List.of(address("y@far.test")), Writers.ANYONE));
  }

  @Test
  void whoMayWriteIsSaidByTheAliasThatIsWrittenTo() throws DirectoryException {
    account("alice@demo.test");
    admin.setAlias(
        address("inner@demo.test"), List.of(address("alice@demo.test")), Writers.MEMBERS);
    admin.setAlias(address("outer@demo.test"), List.of(address("inner@demo.test")), Writers.DOMAIN);
    admin.setAlias(address("open@demo.test"), List.of(address("inner@demo.test")));
    assertThat(((Local) resolve("inner+x@demo.test")).writers()).isEqualTo(Writers.MEMBERS);
    assertThat(((Local) resolve("outer@demo.test")).writers()).isEqualTo(Writers.DOMAIN);
    assertThat(((Local) resolve("open@demo.test")).writers()).isEqualTo(Writers.ANYONE);
    assertThat(((Local) resolve("alice@demo.test")).writers()).isEqualTo(Writers.ANYONE);
    assertThat(
            admin
                .changeAlias(
                    address("outer@demo.test"), List.of(address("alice@demo.test")), List.of())
                .writers())
        .isEqualTo(Writers.DOMAIN);
  }

  @Test
  void aliasesThatGoRoundOrTooFarAreOurMistake() throws DirectoryException {
    admin.setAlias(address("a@demo.test"), List.of(address("b@demo.test")));
    admin.setAlias(address("b@demo.test"), List.of(address("a@demo.test")));
    assertThat(resolve("a@demo.test")).isInstanceOf(TooManyExpansions.class);
    account("alice@demo.test");
    admin.setAlias(
        address("b@demo.test"), List.of(address("a@demo.test"), address("alice@demo.test")));
    assertThat(reached("a@demo.test")).containsExactly("alice@demo.test|");

    int depth = DirectoryLimits.DEFAULTS.aliasDepth();
    admin.setAlias(address("d0@demo.test"), List.of(address("alice@demo.test")));
    for (int i = 1; i <= depth; i++) {
      admin.setAlias(
          address("d" + i + "@demo.test"), List.of(address("d" + (i - 1) + "@demo.test")));
    }
    assertThat(reached("d" + (depth - 1) + "@demo.test")).containsExactly("alice@demo.test|");
    assertThat(resolve("d" + depth + "@demo.test")).isInstanceOf(TooManyExpansions.class);
  }

  @Test
  void anAliasCannotTurnIntoMoreAddressesThanTheLimit() throws DirectoryException {
    List<Address> many = new ArrayList<>();
    for (int i = 0; i < DirectoryLimits.DEFAULTS.aliasTargets(); i++) {
      many.add(address("nobody" + i + "@demo.test"));
    }
    admin.setAlias(address("one@demo.test"), many);
    admin.setAlias(address("two@demo.test"), many.stream().map(a -> address("x" + a)).toList());
    assertThat(resolve("one@demo.test")).isInstanceOf(UnknownRecipient.class);
    admin.setAlias(
        address("both@demo.test"), List.of(address("one@demo.test"), address("two@demo.test")));
    assertThat(resolve("both@demo.test")).isInstanceOf(TooManyExpansions.class);
    many.add(address("straw@demo.test"));
    assertThatThrownBy(() -> admin.setAlias(address("one@demo.test"), many))
        .isInstanceOf(DirectoryException.LimitExceeded.class);
  }

  @Test
  void aCatchAllTakesWhatNobodyHas() throws DirectoryException {
    account("alice@demo.test");
    admin.setDomainSettings(
        "demo.test", DomainSettings.DEFAULTS.withCatchAll(Optional.of(address("bob@demo.test"))));
    assertThat(resolve("nobody@demo.test")).isInstanceOf(UnknownRecipient.class);
    account("bob@demo.test");
    assertThat(reached("nobody@demo.test")).containsExactly("bob@demo.test|");
    assertThat(reached("nobody+x@demo.test")).containsExactly("bob@demo.test|");
    assertThat(reached("alice@demo.test")).containsExactly("alice@demo.test|");
  }

  @Test
  void postmasterIsAlwaysSomebodyOnceThereIsAnAdmin() throws DirectoryException {
    assertThat(resolve("postmaster@demo.test")).isInstanceOf(UnknownRecipient.class);
    assertThat(directory.resolvePostmaster()).isInstanceOf(UnknownRecipient.class);
    Account alice = account("alice@demo.test");
    Account bob = account("bob@demo.test");
    admin.setDomainAdmin("demo.test", alice.id(), true);
    admin.setDomainAdmin("demo.test", bob.id(), true);
    assertThat(reached("PostMaster@demo.test")).containsExactly("alice@demo.test|");
    assertThat(((Local) directory.resolvePostmaster()).targets())
        .containsExactly(new Target(alice, alice.primary(), ""));
    admin.setSuspended(alice.id(), true);
    assertThat(reached("postmaster+x@demo.test")).containsExactly("bob@demo.test|");
    admin.setDomainSettings(
        "demo.test",
        DomainSettings.DEFAULTS.withPostmaster(Optional.of(address("bob+pm@demo.test"))));
    assertThat(reached("postmaster@demo.test")).containsExactly("bob@demo.test|pm");
    account("postmaster@demo.test");
    assertThat(reached("postmaster@demo.test")).containsExactly("postmaster@demo.test|");
    admin.removeAccount(bob.id());
    assertThat(directory.domain("demo.test").orElseThrow().admins()).containsExactly(alice.id());
  }

  @Test
  void theSuspendedTakeNoMailAndOthersDo() throws DirectoryException {
    Account alice = account("alice@demo.test");
    account("bob@demo.test");
    admin.setAlias(address("both@demo.test"), List.of(alice.primary(), address("bob@demo.test")));
    admin.setSuspended(alice.id(), true);
    assertThat(resolve("alice@demo.test")).isInstanceOf(Suspended.class);
    assertThat(reached("both@demo.test")).containsExactly("bob@demo.test|");
    admin.setDomainSuspended("demo.test", true);
    assertThat(resolve("both@demo.test")).isInstanceOf(Suspended.class);
    assertThat(directory.accountByAddress(address("bob@demo.test")).orElseThrow().suspended())
        .isTrue();
    admin.setDomainSuspended("demo.test", false);
    admin.setSuspended(alice.id(), false);
    assertThat(reached("both@demo.test")).hasSize(2);
  }

  @Test
  void quotaAndServicesAreTheAccountsOwnOrTheDomains() throws DirectoryException {
    Account alice = account("alice@demo.test");
    admin.setDomainSettings("demo.test", DomainSettings.DEFAULTS.withQuota(new Quota(10, 2)));
    assertThat(directory.account(alice.id()).orElseThrow().quota()).isEqualTo(new Quota(10, 2));
    admin.setQuota(alice.id(), Optional.of(new Quota(99, Quota.UNLIMITED)));
    assertThat(directory.account(alice.id()).orElseThrow().quota())
        .isEqualTo(new Quota(99, Quota.UNLIMITED));
    admin.setQuota(alice.id(), Optional.empty());
    admin.setServices(alice.id(), Set.of(Service.POP3));
    admin.setDisplayName(alice.id(), "Alice");
    Account now = directory.account(alice.id()).orElseThrow();
    assertThat(now.quota()).isEqualTo(new Quota(10, 2));
    assertThat(now.services()).containsExactly(Service.POP3);
    assertThat(now.displayName()).isEqualTo("Alice");
    assertThatThrownBy(() -> admin.setDisplayName(alice.id(), "a\nb"))
        .isInstanceOf(DirectoryException.LimitExceeded.class);
  }

  @Test
  void credentialsAreFoundAndReplacedOnlyWhereTheyWereSeen() throws DirectoryException {
    Account alice = account("alice@demo.test");
    admin.setSharedSecret(alice.id(), utf8("tanstaaf"));
    Credentials first = directory.find(alice.primary()).orElseThrow().credentials();
    assertThat(first.password().orElseThrow().phc()).isEqualTo("secret");
    assertThat(first.sharedSecret().orElseThrow().ciphertext().toStringUtf8())
        .isEqualTo("tanstaaf");
    assertThat(first.toString() + first.password() + first.sharedSecret())
        .doesNotContain("secret]")
        .doesNotContain("tanstaaf");
    assertThat(directory.find(address("bob@demo.test"))).isEmpty();
    assertThat(directory.find(address("alice@other.test"))).isEmpty();
    admin.setPassword(alice.id(), utf8("new"));
    assertThat(
            directory.rehash(
                alice.id(), first.version(), new Credentials.Password("old", Optional.empty())))
        .isFalse();
    admin.setSharedSecret(alice.id(), null);
    Credentials now = directory.find(alice.primary()).orElseThrow().credentials();
    assertThat(now.password().orElseThrow().phc()).isEqualTo("new");
    assertThat(now.sharedSecret()).isEmpty();
    assertThat(
            directory.rehash(
                alice.id(), now.version(), new Credentials.Password("dear", Optional.empty())))
        .isTrue();
    assertThat(directory.find(alice.primary()).orElseThrow().credentials().password().orElseThrow())
        .isEqualTo(new Credentials.Password("dear", Optional.empty()));
  }

  @Test
  void aRemovedAccountFreesItsAddressAndNeverItsId() throws DirectoryException {
    Account old = account("alice@demo.test");
    admin.removeAccount(old.id());
    assertThat(directory.account(old.id())).isEmpty();
    assertThat(directory.find(old.primary())).isEmpty();
    assertThat(resolve("alice@demo.test")).isInstanceOf(UnknownRecipient.class);
    assertThatThrownBy(() -> admin.setPassword(old.id(), utf8("x")))
        .isInstanceOf(DirectoryException.NoSuchAccount.class);
    Account young = account("alice@demo.test");
    assertThat(young.id()).isNotEqualTo(old.id());
    assertThat(directory.account(old.id())).isEmpty();
  }

  @Test
  void aDomainGoesWhenItIsEmptyAndComesBackNew() throws DirectoryException {
    Account alice = account("alice@demo.test");
    admin.setDomainAdmin("demo.test", alice.id(), true);
    assertThatThrownBy(() -> admin.removeDomain("demo.test"))
        .isInstanceOf(DirectoryException.DomainNotEmpty.class);
    account("bob@demo.test");
    admin.setDomainSuspended("demo.test", true);
    admin.removeAccount(alice.id());
    admin.removeAccount(directory.accountByAddress(address("bob@demo.test")).orElseThrow().id());
    admin.removeDomain("demo.test");
    assertThat(directory.domain("demo.test")).isEmpty();
    assertThat(resolve("alice@demo.test")).isInstanceOf(NotLocal.class);
    assertThat(directory.domains(null, 10)).isEmpty();
    assertThatThrownBy(() -> admin.removeDomain("demo.test"))
        .isInstanceOf(DirectoryException.NoSuchDomain.class);
    admin.createDomain("demo.test", DomainSettings.DEFAULTS);
    Domain again = directory.domain("DEMO.test").orElseThrow();
    assertThat(again.suspended()).isFalse();
    assertThat(again.admins()).isEmpty();
    assertThatThrownBy(() -> admin.createDomain("demo.TEST", DomainSettings.DEFAULTS))
        .isInstanceOf(DirectoryException.AlreadyExists.class);
    assertThatThrownBy(() -> admin.createDomain("a b", DomainSettings.DEFAULTS))
        .isInstanceOf(DirectoryException.InvalidAddress.class);
  }

  @Test
  void accountsAreListedInPages() throws DirectoryException {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 450; i++) {
      Account account = admin.createAccount(address("u%03d@demo.test".formatted(i)), null);
      if (i % 3 == 0) {
        admin.removeAccount(account.id());
      } else {
        made.add(account.primary().toString());
      }
    }
    admin.createDomain("demo.test2", DomainSettings.DEFAULTS);
    account("other@demo.test2");
    List<String> listed = new ArrayList<>();
    Address after = null;
    while (true) {
      List<Account> page = directory.accounts("demo.test", after, 70);
      page.forEach(account -> listed.add(account.primary().toString()));
      if (page.size() < 70) {
        break;
      }
      after = page.getLast().primary();
    }
    assertThat(listed).isEqualTo(made);
    assertThat(directory.domains("demo.test", 5))
        .extracting(Domain::name)
        .containsExactly("demo.test2");
  }

  @Test
  void ofManyWhoWantAnAddressOneGetsIt() throws Exception {
    for (int round = 0; round < 20; round++) {
      String name = "race" + round + "@demo.test";
      List<Callable<Object>> rivals = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        boolean alias = i % 4 == 3;
        rivals.add(() -> {
          try {
            if (alias) {
              admin.setAlias(address(name), List.of(address("all@demo.test")));
              return "alias";
            }
            return account(name);
          } catch (DirectoryException.AlreadyExists late) {
            return late;
          }
        });
      }
      List<Object> outcomes = outcomes(rivals);
      long accounts = outcomes.stream().filter(Account.class::isInstance).count();
      long aliases = outcomes.stream().filter("alias"::equals).count();
      assertThat(accounts).as("%s", outcomes).isLessThanOrEqualTo(1);
      assertThat(accounts == 1 ^ aliases > 0).as("%s", outcomes).isTrue();
    }
  }

  @Test
  void aDomainIsNeverRemovedFromUnderAnAccount() throws Exception {
    for (int round = 0; round < 30; round++) {
      String domain = "d" + round + ".test";
      admin.createDomain(domain, DomainSettings.DEFAULTS);
      List<Object> outcomes =
          outcomes(
              List.of(
                  () -> {
                    try {
                      return account("alice@" + domain);
                    } catch (DirectoryException.NoSuchDomain late) {
                      return late;
                    }
                  },
                  () -> {
                    try {
                      admin.removeDomain(domain);
                      return "removed";
                    } catch (DirectoryException.DomainNotEmpty late) {
                      return late;
                    }
                  }));
      boolean made = outcomes.get(0) instanceof Account;
      boolean removed = outcomes.get(1).equals("removed");
      assertThat(made && removed).as("%s", outcomes).isFalse();
      assertThat(directory.domain(domain).isPresent()).isEqualTo(!removed);
      assertThat(directory.accountByAddress(address("alice@" + domain)).isPresent())
          .isEqualTo(made);
    }
  }

  private static List<Object> outcomes(List<Callable<Object>> work) throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Object> outcomes = new ArrayList<>();
      for (Future<Object> future : threads.invokeAll(work)) {
        outcomes.add(future.get());
      }
      return outcomes;
    }
  }

  /** Breaks a change off at each of its appends, before and after it, and looks what is left. */
  @Test
  void aCreationBrokenOffAnywhereIsThereOrNotAtAll() throws DirectoryException {
    for (When when : When.values()) {
      for (int skip = 0; skip < 3; skip++) {
        Address address =
            address("c" + skip + when.name().toLowerCase(java.util.Locale.ROOT) + "@demo.test");
        boolean broken = brokenOff(skip, when, () -> admin.createAccount(address, utf8("x")));
        assertThat(broken).isEqualTo(skip < 2);
        boolean there = directory.accountByAddress(address).isPresent();
        assertThat(resolve(address.toString()) instanceof Local).isEqualTo(there);
        assertThat(there).isEqualTo(!broken || (skip == 1 && when == When.AFTER));
        if (!there) {
          assertThat(admin.createAccount(address, null).primary()).isEqualTo(address);
        }
      }
    }
  }

  @Test
  void aRemovalBrokenOffAnywhereIsDoneOrNotAtAll() throws DirectoryException {
    for (When when : When.values()) {
      for (int skip = 0; skip < 3; skip++) {
        Account account = account("r" + skip + when.ordinal() + "@demo.test");
        boolean broken =
            brokenOff(
                skip,
                when,
                () -> {
                  admin.removeAccount(account.id());
                  return account;
                });
        assertThat(broken).isEqualTo(skip < 2);
        boolean there = directory.account(account.id()).isPresent();
        assertThat(there).isEqualTo(skip == 0 && when == When.BEFORE);
        assertThat(directory.find(account.primary()).isPresent()).isEqualTo(there);
        if (!there) {
          assertThat(account(account.primary().toString()).id()).isNotEqualTo(account.id());
        }
      }
    }
  }

  @Test
  void aDomainRemovalBrokenOffIsReopenedByTheCheck() throws DirectoryException {
    store.faults().failNext(Call.LIST, When.BEFORE);
    assertThatThrownBy(() -> admin.removeDomain("demo.test")).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> account("alice@demo.test"))
        .isInstanceOf(DirectoryException.NoSuchDomain.class);
    DirectoryCheck check = new DirectoryCheck(directory, () -> NOW.plusSeconds(30));
    assertThat(check.check(Duration.ofMinutes(1), true, _ -> {}).leftovers()).isZero();
    DirectoryCheck later = new DirectoryCheck(directory, () -> NOW.plusSeconds(90));
    List<String> problems = new ArrayList<>();
    DirectoryCheck.Report report = later.check(Duration.ofMinutes(1), true, problems::add);
    assertThat(report.repaired()).as("%s", problems).isEqualTo(1);
    assertThat(account("alice@demo.test")).isNotNull();
  }

  /** Runs a change of which the append after {@code skip} others fails. */
  private boolean brokenOff(int skip, When when, Callable<Account> change) {
    int[] appends = {0};
    store.faults().failWhile(call -> call == Call.APPEND && appends[0]++ >= skip, when);
    try {
      change.call();
      return false;
    } catch (StoreException broken) {
      return true;
    } catch (Exception other) {
      throw new AssertionError(other);
    } finally {
      store.faults().clear();
    }
  }

  @Test
  void everythingIsFoldedAgainFromTheLogs() throws DirectoryException {
    Account alice = account("alice@demo.test");
    admin.setAlias(address("a@demo.test"), List.of(alice.primary()));
    admin.setServices(alice.id(), Set.of(Service.IMAP, Service.JMAP));
    EmbeddedDirectory reread =
        new EmbeddedDirectory(store.logs(), DirectoryLimits.DEFAULTS, Optional.of("demo.test"));
    Account read = reread.account(alice.id()).orElseThrow();
    assertThat(read.services()).containsExactlyInAnyOrder(Service.IMAP, Service.JMAP);
    assertThat(reread.resolve("A", "demo.test"))
        .isEqualTo(new Local(List.of(new Target(read, read.primary(), ""))));
    assertThat(reread.find(alice.primary()).orElseThrow().account()).isEqualTo(read);
  }

  @Test
  void anAccountIsServedWhereItSaysOrElseItsDomain() throws Exception {
    String id = admin.createAccount(new Address("alice", "demo.test"), null).id();
    assertThat(directory.account(id).orElseThrow().routing()).isEqualTo(Routing.NONE);
    admin.setDomainSettings(
        "demo.test", DomainSettings.DEFAULTS.withRouting(new Routing("students", "n1", "old")));
    assertThat(directory.account(id).orElseThrow().routing())
        .isEqualTo(new Routing("students", "n1", "old"));
    admin.setRouting(id, new Routing("staff", "", ""));
    assertThat(directory.account(id).orElseThrow().routing())
        .isEqualTo(new Routing("staff", "n1", "old"));
    admin.setRouting(id, new Routing("staff", "any", "here"));
    assertThat(directory.account(id).orElseThrow().routing())
        .isEqualTo(new Routing("staff", "", ""));
    assertThat(directory.routing(id)).contains(new Routing("staff", "any", "here"));
    admin.setRouting(id, Routing.NONE);
    assertThat(directory.account(id).orElseThrow().routing().pool()).isEqualTo("students");
  }
}
