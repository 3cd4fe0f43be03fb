package hikyaku.server.synthetic;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Resolution;
import hikyaku.server.directory.Service;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Synthetic users are apart from everybody, and do not stay. */
final class SyntheticAccountsTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:30:00Z");
  private static final long HOUR = NOW.getEpochSecond() / 3600;
  private static final String NAME = "0123456789abcdef-";
  private static final AuthContext CONTEXT =
      new AuthContext(
          "probe-1",
          Service.IMAP,
          InetAddress.getLoopbackAddress(),
          4000,
          false,
          AuthContext.ChannelBindings.NONE);

  private final Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
  private final MemoryStore store = new MemoryStore(clock);
  private final SyntheticAccounts accounts = at(clock);

  private SyntheticAccounts at(Clock when) {
    return new SyntheticAccounts("probe.invalid", store, MailboxLimits.DEFAULT, when);
  }

  @AfterEach
  void stop() {
    accounts.close();
    store.close();
  }

  private LoginResult login(String user) {
    return new SyntheticAuthenticator(accounts).login(CONTEXT, user, new byte[] {'x'});
  }

  @Test
  void aProbeLogsInAsNobodyElse() {
    String own = NAME + HOUR + "@probe.invalid";
    assertThat(login(own))
        .isInstanceOfSatisfying(
            LoginResult.Success.class,
            success ->
                assertThat(success.account().primary())
                    .isEqualTo(new Address(NAME + HOUR, "probe.invalid")));
    for (String other :
        new String[] {
          "alice@demo.test",
          "alice@probe.invalid",
          "alice",
          NAME + HOUR + "@demo.test",
          NAME + "@probe.invalid",
          "../" + NAME + HOUR + "@probe.invalid",
          NAME + HOUR + "/1@probe.invalid",
          ""
        }) {
      assertThat(login(other)).as(other).isInstanceOf(LoginResult.BadCredentials.class);
    }
    assertThat(new SyntheticAuthenticator(accounts).resume(CONTEXT, "abcdefghijkl", 0))
        .isInstanceOf(LoginResult.BadCredentials.class);
  }

  @Test
  void aProbeSendsToNobodyElse() {
    SyntheticDirectory directory = new SyntheticDirectory(accounts);
    assertThat(directory.resolve(NAME + HOUR, "probe.invalid"))
        .isInstanceOf(Resolution.Local.class);
    assertThat(directory.resolve("alice", "probe.invalid"))
        .isInstanceOf(Resolution.UnknownRecipient.class);
    assertThat(directory.resolve("alice", "demo.test")).isInstanceOf(Resolution.NotLocal.class);
    assertThat(directory.resolvePostmaster()).isInstanceOf(Resolution.UnknownRecipient.class);
  }

  @Test
  void nobodyElsesMailIsThere() {
    try (MailStore everybodys = new MailStore(store, clock, MailboxLimits.DEFAULT)) {
      String id = NAME + HOUR;
      accounts.mail().account(id).tree();
      assertThat(store.logs().list("folders/", null, 10)).isEmpty();
      everybodys.account(id).tree();
      assertThat(store.logs().list("folders/", null, 10)).hasSize(1);
      accounts.mail().account(id).removeAll();
      assertThat(store.logs().list("folders/", null, 10)).hasSize(1);
      assertThat(store.logs().list("probe/", null, 10)).isEmpty();
    }
  }

  @Test
  void accountsOfPastHoursAreDroppedWhole() {
    for (long hour : new long[] {HOUR, HOUR - 1, HOUR - 2, HOUR - 3, HOUR - 500}) {
      accounts.mail().account(NAME + hour).inbox();
    }
    try (MailStore everybodys = new MailStore(store, clock, MailboxLimits.DEFAULT)) {
      everybodys.account("abcdefghijkl").inbox();
    }
    assertThat(accounts.sweep()).isEqualTo(2);
    assertThat(accounts.sweep()).isZero();
    assertThat(store.logs().list("probe/folders/", null, 10)).hasSize(3);
    assertThat(store.logs().list("probe/mailbox/", null, 10)).hasSize(3);
    try (SyntheticAccounts later = at(Clock.offset(clock, Duration.ofHours(9)))) {
      assertThat(later.sweep()).isEqualTo(3);
    }
    assertThat(store.logs().list("probe/", null, 10)).isEmpty();
    assertThat(store.logs().list("folders/", null, 10)).hasSize(1);
    assertThat(store.logs().list("mailbox/", null, 10)).hasSize(1);
  }
}
