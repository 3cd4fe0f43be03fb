package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.app.Door.Call;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.DomainOperations;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Quotas that the admin of a domain sets by IMAP are those that the operator sees. */
final class QuotaAdminTest {
  private static final String ALICE = "alice@example.org";
  private static final String BOB = "bob@example.org";

  @RegisterExtension final RunningNodeExtension running = new RunningNodeExtension();

  private static long quota(Door door) throws Failure {
    return door.call(Call.of("GET", "accounts", BOB)).get("quotaOctets").longValue();
  }

  @Test
  void aQuotaIsSetForGood() throws Exception {
    try (Door door = running.open()) {
      door.call(Call.of("POST", "domains").withBody(new DomainOperations.New("example.org")));
      for (String address : new String[] {ALICE, BOB}) {
        door.call(
            Call.of("POST", "accounts")
                .withBody(new AccountOperations.New(address, "a long password", "")));
      }
      try (Dialogue imap = new Dialogue(running.port("imap"))) {
        imap.await("* OK");
        assertThat(imap.say("a LOGIN " + ALICE + " \"a long password\"", "a OK"))
            .doesNotContain("QUOTASET");
        imap.say("b SETQUOTA " + BOB + " (STORAGE 512)", "b NO [NOPERM]");
        JsonNode domain = door.call(Call.of("PUT", "domains", "example.org", "admins", ALICE));
        assertThat(domain.get("admins").get(0).asString()).isEqualTo(ALICE);
        assertThat(imap.say("c CAPABILITY", "* CAPABILITY")).contains(" QUOTASET ");
        imap.say("d SETQUOTA " + BOB + " (STORAGE 512)", "* QUOTA " + BOB + " (STORAGE 0 512)");
        imap.await("d OK");
        assertThat(quota(door)).isEqualTo(512 * 1024);
        door.call(Call.of("DELETE", "domains", "example.org", "admins", ALICE));
        imap.say("e SETQUOTA " + BOB + " ()", "e NO [NOPERM]");
      }
      assertThatThrownBy(() ->
              door.call(Call.of("PUT", "domains", "example.org", "admins", "nobody@example.org")))
          .hasMessage("There is no account nobody@example.org.");
    }
    running.stop();
    running.start();
    try (Door door = running.open()) {
      assertThat(quota(door)).isEqualTo(512 * 1024);
    }
  }
}
