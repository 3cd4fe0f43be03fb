package hikyaku.server.mtasts;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.mtasts.StsException.Kind;
import hikyaku.server.mtasts.StsPolicy.Mode;
import hikyaku.server.testing.MailSink;
import hikyaku.server.testing.TestClock;
import hikyaku.server.testing.ZoneDns;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is known of policies, over time, restarts and failures. */
class StsPoliciesTest {
  private static final Duration WEEK = Duration.ofDays(7);

  private final TestClock clock = new TestClock();
  private final MemoryStore store = new MemoryStore(clock);
  private final ZoneDns dns = new ZoneDns();
  private final AtomicInteger fetches = new AtomicInteger();
  private volatile StsPolicy offered = policy(Mode.ENFORCE, "mx.a.test");
  private StsPolicies policies = fresh();

  @AfterEach
  void soundness() {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    assertThat(problems).isEmpty();
  }

  private static StsPolicy policy(Mode mode, String... mx) {
    return new StsPolicy(mode, List.of(mx), WEEK);
  }

  /** As after a restart, or on another node. */
  private StsPolicies fresh() {
    return new StsPolicies(dns, this::fetch, store.logs(), StsSettings.DEFAULTS, clock);
  }

  private StsPolicy fetch(String domain) throws StsException {
    fetches.incrementAndGet();
    StsPolicy given = offered;
    if (given == null) {
      throw new StsException(Kind.FETCH, "nobody is at home at " + domain);
    }
    return given;
  }

  private void publish(String id) {
    dns.without("_mta-sts.a.test").with("_mta-sts.a.test", "TXT", "v=STSv1; id=" + id + ";");
  }

  @Test
  void aDomainWithoutARecordIsNotAsked() {
    assertThat(policies.find("a.test").policy()).isEmpty();
    assertThat(fetches).hasValue(0);
    assertThat(store.logs().list("mta-sts/", null, 10)).isEmpty();
  }

  @Test
  void aPolicyIsFetchedOnceAndKeptForAllNodes() {
    publish("1");
    assertThat(policies.find("a.test").demanding()).contains(offered);
    assertThat(policies.find("a.test").demanding()).contains(offered);
    assertThat(fresh().find("a.test").demanding()).contains(offered);
    assertThat(fetches).hasValue(1);
  }

  @Test
  void aPolicyHoldsWithoutDnsAndHostUntilItsEnd() {
    publish("1");
    StsPolicy first = offered;
    assertThat(policies.find("a.test").policy()).contains(first);
    offered = null;
    dns.without("_mta-sts.a.test");
    assertThat(policies.find("a.test").policy()).contains(first);
    dns.silent("_mta-sts.a.test");
    assertThat(fresh().find("a.test").policy()).contains(first);
    publish("2");
    StsPolicies.Found found = policies.find("a.test");
    assertThat(found.policy()).contains(first);
    assertThat(found.trouble()).isPresent();
    clock.advance(WEEK.minusSeconds(1));
    assertThat(policies.find("a.test").policy()).contains(first);
    clock.advance(Duration.ofSeconds(1));
    found = policies.find("a.test");
    assertThat(found.policy()).isEmpty();
    assertThat(found.trouble()).isPresent();
    assertThat(policies.tidy()).isEqualTo(1);
    assertThat(store.logs().list("mta-sts/", null, 10)).isEmpty();
  }

  @Test
  void aNewIdBringsANewPolicy() {
    publish("1");
    var unused = policies.find("a.test");
    publish("2");
    offered = policy(Mode.NONE);
    StsPolicies.Found found = policies.find("a.test");
    assertThat(found.policy()).contains(offered);
    assertThat(found.id()).isEqualTo("2");
    assertThat(found.demanding()).isEmpty();
    assertThat(fresh().find("a.test").policy()).contains(offered);
    assertThat(fetches).hasValue(2);
  }

  @Test
  void aHostThatFailsIsLeftAloneForAWhile() {
    publish("1");
    StsPolicy good = offered;
    offered = null;
    assertThat(policies.find("a.test").trouble()).isPresent();
    assertThat(policies.find("a.test").trouble()).isPresent();
    assertThat(fetches).hasValue(1);
    offered = good;
    clock.advance(StsSettings.DEFAULTS.retry());
    StsPolicies.Found found = policies.find("a.test");
    assertThat(found.policy()).contains(good);
    assertThat(found.trouble()).isEmpty();
    assertThat(fetches).hasValue(2);
  }

  @Test
  void aSlowHostDelaysNoOtherDomain() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answers = new CountDownLatch(1);
    StsPolicies some =
        new StsPolicies(
            dns,
            domain -> {
              if (domain.equals("slow.test")) {
                asked.countDown();
                awaitQuietly(answers);
              }
              return fetch(domain);
            },
            store.logs(),
            StsSettings.DEFAULTS,
            clock);
    dns.with("_mta-sts.slow.test", "TXT", "v=STSv1; id=1;");
    Thread slow = Thread.ofVirtual().start(() -> some.find("slow.test"));
    asked.await();
    List<Thread> others = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      String domain = "d" + i + ".test";
      dns.with("_mta-sts." + domain, "TXT", "v=STSv1; id=1;");
      others.add(Thread.ofVirtual().start(() -> some.find(domain)));
    }
    MailSink.until("the others' policies", () -> fetches.get() == 300);
    for (Thread each : others) {
      each.join();
    }
    answers.countDown();
    slow.join();
    assertThat(fetches).hasValue(301);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatIsUsedIsRenewedBehindTheMail() throws Exception {
    publish("1");
    StsPolicy first = offered;
    var unused = policies.find("a.test");
    clock.advance(Duration.ofDays(4));
    StsPolicy second = policy(Mode.ENFORCE, "mx2.a.test");
    offered = second;
    assertThat(policies.find("a.test").policy()).contains(first);
    MailSink.until(
        "the new one",
        () -> policies.find("a.test").policy().equals(java.util.Optional.of(second)));
    clock.advance(Duration.ofDays(6));
    assertThat(policies.find("a.test").policy()).contains(second);
  }

  @Test
  void whatIsAboutToEndIsRenewedIfThereWasMailLately() {
    publish("1");
    var unused = policies.find("a.test");
    assertThat(policies.tidy()).isZero();
    for (int weeks = 0; weeks < 7; weeks++) {
      clock.advance(Duration.ofDays(4));
      assertThat(policies.tidy()).isEqualTo(1);
    }
    clock.advance(Duration.ofDays(4));
    assertThat(policies.tidy()).as("nobody has written there for a month").isZero();
    assertThat(fetches).hasValue(8);
    assertThat(fresh().find("a.test").policy()).isPresent();
  }

  @Test
  void nothingIsAskedIfItIsNotWanted() {
    publish("1");
    StsPolicies off =
        new StsPolicies(
            dns, this::fetch, store.logs(), new StsSettings(false, WEEK, 1, WEEK, WEEK), clock);
    assertThat(off.find("a.test").policy()).isEmpty();
    assertThat(dns.questions).hasValue(0);
  }
}
