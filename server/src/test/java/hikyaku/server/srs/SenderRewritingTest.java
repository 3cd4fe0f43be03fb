package hikyaku.server.srs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Domain;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.Resolution;
import hikyaku.server.srs.ReturnPaths.Behind;
import hikyaku.server.testing.TestClock;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Senders that are rewritten, and what becomes of what comes back. */
class SenderRewritingTest {
  private static final Address USER = new Address("u", "home.test");

  private final TestClock clock = new TestClock();
  private final Domains domains = new Domains("home.test", "other.test");

  private SenderRewriting paths(SrsSettings settings) {
    return paths("installation", settings);
  }

  private SenderRewriting paths(String secret, SrsSettings settings) {
    return new SenderRewriting(
        settings, purpose -> Arrays.copyOf((secret + purpose).getBytes(UTF_8), 64), domains, clock);
  }

  private static SrsSettings numbered(int key) {
    return new SrsSettings(true, "", Duration.ofDays(21), key);
  }

  private static Mailbox mailbox(String written) throws Exception {
    return new Mailbox(MailAddress.parse(written));
  }

  private static Mailbox rewritten(ReturnPaths by, Mailbox author) {
    return (Mailbox) by.onward(author, USER);
  }

  /** Any author finds back, whichever node it is and however servers spell what they were given. */
  @Test
  void whateverGoesOutFindsBack() throws Exception {
    SenderRewriting paths = paths(SrsSettings.DEFAULTS);
    Random random = new Random(27);
    String letters = "abcXYZ019.=+-_/!#~\"\\ @äπ";
    int fitting = 0;
    for (int i = 0; i < 20_000; i++) {
      StringBuilder local = new StringBuilder(random.nextInt(10) == 0 ? "SRS0=" : "");
      for (int length = 1 + random.nextInt(40); length > 0; length--) {
        local.append(letters.charAt(random.nextInt(letters.length())));
      }
      Mailbox author = new Mailbox(local.toString(), "a" + random.nextInt(100) + ".Example");
      Mailbox as = rewritten(paths, author);
      assertThat(as.domain()).isEqualTo("home.test");
      // What is written is read as the same, here and by others.
      assertThat(mailbox(as.toString())).isEqualTo(as);
      assertThat(as.localPart().getBytes(UTF_8).length).isLessThanOrEqualTo(64);
      if (as.localPart().equals("u")) {
        continue;
      }
      fitting++;
      Mailbox same = new Mailbox(author.localPart(), author.domain().toLowerCase(Locale.ROOT));
      assertThat(paths(SrsSettings.DEFAULTS).behind(as)).isEqualTo(new Behind.Author(same));
      for (String spelled :
          List.of(as.localPart().toUpperCase(Locale.ROOT), SrsAddress.lower(as.localPart()))) {
        if (!author.isAscii()) {
          continue;
        }
        Behind found = paths.behind(new Mailbox(spelled, "HOME.test"));
        assertThat(found).isInstanceOf(Behind.Author.class);
        assertThat(((Behind.Author) found).address().toString())
            .isEqualToIgnoringCase(same.toString());
      }
    }
    assertThat(fitting).isGreaterThan(10_000);
  }

  @Test
  void oneOctetMakesItForged() throws Exception {
    SenderRewriting paths = paths(SrsSettings.DEFAULTS);
    Mailbox as = rewritten(paths, mailbox("author@far.example"));
    assertThat(as.localPart()).matches("SRS0=[A-Z2-7]{6}=[A-Z2-7]{2}=far\\.example=author");
    for (int i = "SRS0=".length(); i < as.localPart().length(); i++) {
      char c = as.localPart().charAt(i);
      String changed =
          as.localPart().substring(0, i) + (c == 'x' ? 'y' : 'x') + as.localPart().substring(i + 1);
      assertThat(paths.behind(new Mailbox(changed, "home.test")))
          .as(changed)
          .isEqualTo(new Behind.Forged());
    }
    for (String none : List.of("SRS0=", "SRS0=a=b=c=d", "srs1=aaaaaaaa=x.example==y", "SRS1=")) {
      assertThat(paths.behind(new Mailbox(none, "home.test"))).isEqualTo(new Behind.Forged());
    }
    assertThat(paths("another", SrsSettings.DEFAULTS).behind(as)).isEqualTo(new Behind.Forged());
    // What is not of a domain of ours, or does not say to be one, is not looked at.
    assertThat(paths.behind(new Mailbox(as.localPart(), "far.example")))
        .isEqualTo(new Behind.None());
    assertThat(paths.behind(mailbox("SRS0x@home.test"))).isEqualTo(new Behind.None());
    assertThat(paths.behind(mailbox("SRS0=x@[192.0.2.1]"))).isEqualTo(new Behind.None());
  }

  @Test
  void itsTimeEnds() throws Exception {
    SenderRewriting paths = paths(SrsSettings.DEFAULTS);
    Mailbox author = mailbox("author@far.example");
    Mailbox as = rewritten(paths, author);
    clock.advance(Duration.ofDays(-1)); // a node whose clock is behind
    assertThat(paths.behind(as)).isEqualTo(new Behind.Author(author));
    clock.advance(Duration.ofDays(22));
    assertThat(paths.behind(as)).isEqualTo(new Behind.Author(author));
    clock.advance(Duration.ofDays(1));
    assertThat(paths.behind(as)).isEqualTo(new Behind.Expired());
    clock.advance(Duration.ofDays(1_000));
    assertThat(paths.behind(as)).isEqualTo(new Behind.Expired());
  }

  /** Nodes hear of a new key one after the other; nobody's report is refused for it. */
  @Test
  void keysAreReplaced() throws Exception {
    Mailbox author = mailbox("author@far.example");
    Mailbox first = rewritten(paths(numbered(1)), author);
    Mailbox second = rewritten(paths(numbered(2)), author);
    assertThat(second).isNotEqualTo(first);
    for (int key : List.of(1, 2)) {
      assertThat(paths(numbered(key)).behind(first)).isEqualTo(new Behind.Author(author));
      assertThat(paths(numbered(key)).behind(second)).isEqualTo(new Behind.Author(author));
    }
    assertThat(paths(numbered(3)).behind(first)).isEqualTo(new Behind.Forged());
  }

  /** However many send it on, a report goes to the first of them and from there to the author. */
  @Test
  void whatIsRewrittenAlreadyGoesBackToTheFirst() throws Exception {
    SenderRewriting paths = paths(SrsSettings.DEFAULTS);
    for (String separator : List.of("=", "+", "-")) {
      Mailbox first = mailbox("SRS0" + separator + "Hash=TT=author.example=a@first.example");
      Mailbox as = rewritten(paths, first);
      assertThat(as.localPart())
          .matches(
              "SRS1=[A-Z2-7]{8}=first\\.example="
                  + "["
                  + separator
                  + "]Hash=TT=author\\.example=a");
      assertThat(paths.behind(as)).isEqualTo(new Behind.Author(first));
      // Another one behind the first, which we are the third of.
      Mailbox second = mailbox("SRS1=x=" + as.localPart().substring(14) + "@second.example");
      assertThat(paths.behind(rewritten(paths, second))).isEqualTo(new Behind.Author(first));
    }
    clock.advance(Duration.ofDays(21));
    Mailbox as = rewritten(paths, mailbox("srs0=h=tt=author.example=a@first.example"));
    clock.advance(Duration.ofDays(22));
    assertThat(paths.behind(as)).isEqualTo(new Behind.Expired());
  }

  /** Mail that comes back to us over another service: one step takes reports to the author. */
  @Test
  void ourOwnBehindAnothersIsSeenThrough() throws Exception {
    Mailbox author = mailbox("a@author.example");
    SenderRewriting before = paths(new SrsSettings(true, "srs.test", Duration.ofDays(21), 1));
    Mailbox ours = rewritten(before, author);
    assertThat(ours.domain()).isEqualTo("srs.test");
    // The domain has become one of those that are known here.
    SenderRewriting now = paths(SrsSettings.DEFAULTS);
    Mailbox second = rewritten(now, ours);
    assertThat(second.localPart()).startsWith("SRS1=");
    domains.add("srs.test");
    assertThat(now.behind(second)).isEqualTo(new Behind.Author(author));
    assertThat(now.author(ours)).isEqualTo(author);
    assertThat(now.author(author)).isEqualTo(author);
  }

  /** Others may write what they like in theirs: nothing of it becomes a domain that is none. */
  @Test
  void whatOnlyLooksLikeAnothersIsAnAuthorsOwn() throws Exception {
    SenderRewriting paths = paths(SrsSettings.DEFAULTS);
    for (String strange :
        List.of(
            "\"SRS1=x=no domain==h=t=d=l\"@b.example", "SRS0=h=t@b.example", "SRS1=@b.example")) {
      Mailbox author = mailbox(strange);
      Mailbox as = rewritten(paths, author);
      assertThat(as.localPart()).startsWith("SRS0=");
      assertThat(paths.behind(as)).isEqualTo(new Behind.Author(author));
    }
  }

  @Test
  void senderOfOurOwnAndNoneStayAsTheyAre() throws Exception {
    SenderRewriting paths = paths(new SrsSettings(true, "srs.test", Duration.ofDays(21), 1));
    for (ReversePath sender :
        List.of(ReversePath.NULL, mailbox("x@Other.test"), mailbox("SRS0=a=b=c=d@srs.test"))) {
      assertThat(paths.onward(sender, USER)).isEqualTo(sender);
    }
    SenderRewriting off = paths(new SrsSettings(false, "", Duration.ofDays(21), 1));
    Mailbox author = mailbox("author@far.example");
    assertThat(off.onward(author, USER)).isEqualTo(author);
    // Reports to what went out before still come home, and what is no return path may be anybody's.
    Mailbox as = rewritten(paths(SrsSettings.DEFAULTS), author);
    assertThat(off.behind(as)).isEqualTo(new Behind.Author(author));
    assertThat(off.behind(mailbox("srs0=me@home.test"))).isEqualTo(new Behind.None());
  }

  /** A local part that others might refuse is worse than a user who hears of a failure. */
  @Test
  void whoDoesNotFitIsReplacedByTheAccount() throws Exception {
    SenderRewriting paths = paths(SrsSettings.DEFAULTS);
    Mailbox user = mailbox("u@home.test");
    assertThat(paths.onward(mailbox("a".repeat(37) + "@far.example"), USER))
        .extracting(path -> ((Mailbox) path).localPart().length())
        .isEqualTo(64);
    assertThat(paths.onward(mailbox("a".repeat(38) + "@far.example"), USER)).isEqualTo(user);
    assertThat(paths.onward(mailbox("a@[192.0.2.1]"), USER)).isEqualTo(user);
  }

  @Test
  void settingsThatCannotBe() {
    for (Duration validity :
        List.of(Duration.ZERO, Duration.ofHours(36), Duration.ofDays(366), Duration.ofDays(-1))) {
      assertThatThrownBy(() -> new SrsSettings(true, "", validity, 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> new SrsSettings(true, "no domain", Duration.ofDays(1), 1))
        .hasMessage("srs.domain is no domain: no domain");
    assertThatThrownBy(() -> numbered(0)).hasMessage("srs.key must be 1 at least");
    assertThat(new SrsSettings(true, "SRS.Example", Duration.ofDays(1), 1).domain())
        .isEqualTo("srs.example");
  }

  /** A directory that knows domains alone. */
  private static final class Domains implements Directory {
    private final Set<String> names = new HashSet<>();

    Domains(String... names) {
      this.names.addAll(List.of(names));
    }

    void add(String name) {
      names.add(name);
    }

    @Override
    public Optional<Domain> domain(String name) {
      return names.contains(name)
          ? Optional.of(new Domain(name, DomainSettings.DEFAULTS, false, List.of()))
          : Optional.empty();
    }

    @Override
    public Optional<Account> account(String id) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Account> accountByAddress(Address address) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Resolution resolve(String localPart, String domain) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Resolution resolvePostmaster() {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<Domain> domains(String after, int limit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<Account> accounts(String domain, Address after, int limit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<Alias> aliases(String domain, Address after, int limit) {
      throw new UnsupportedOperationException();
    }
  }
}
