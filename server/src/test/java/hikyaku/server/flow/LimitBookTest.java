package hikyaku.server.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.testing.TestClock;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Who can be limited, how an operator says it, and that all nodes read the same. */
final class LimitBookTest {
  private final MemoryStore store = new MemoryStore(new TestClock());

  private static Limit limit(String subject, Dimension dimension, long value) {
    return Limit.of(Subject.parse(subject), dimension, value);
  }

  private static @org.jspecify.annotations.Nullable Limit source(
      Limits limits, String subject, Dimension dimension) {
    return limits.source(Subject.parse(subject), dimension);
  }

  @Test
  void subjectsAreReadAsTheyAreWritten() {
    for (String[] pair :
        new String[][] {
          {"account:U1@Demo.TEST", "account:u1@demo.test"},
          {"account:*@Demo.test", "account:*@demo.test"},
          {"account:*", "account:*"},
          {"domain:DEMO.test", "domain:demo.test"},
          {"domain:*", "domain:*"},
          {"address:192.0.2.7", "address:192.0.2.7"},
          {"address:192.0.2.7/32", "address:192.0.2.7"},
          {"address:2001:db8:0:1:2:3:4:5", "address:2001:db8:0:1::/64"},
          {"address:2001:db8:0:1::/64", "address:2001:db8:0:1::/64"},
          {"prefix:2001:db8:0:1::/64", "address:2001:db8:0:1::/64"},
          {"prefix:2001:db8:7:1::1", "prefix:2001:db8:7::/48"},
          {"prefix:192.0.2.7/24", "prefix:192.0.2.0/24"},
          {"prefix:192.0.2.7", "prefix:192.0.2.0/24"},
          {"prefix:*", "prefix:*"},
          {"protocol:imap", "protocol:imap"},
          {"listener:imaps-2", "listener:imaps-2"},
          {"node:n1", "node:n1"},
          {"total", "total"},
        }) {
      Subject subject = Subject.parse(pair[0]);
      assertThat(subject).hasToString(pair[1]);
      assertThat(Subject.parse(pair[1])).isEqualTo(subject);
    }
    for (String wrong :
        List.of(
            "",
            "u1@demo.test",
            "account:",
            "account:u1",
            "account:*@",
            "domain:a b",
            "user:x",
            "address:mail.test",
            "address:1.2.3",
            "protocol:",
            "protocol:I M",
            "total:",
            "total:*",
            "address:192.0.2.7/x",
            ":x",
            "node:../x")) {
      assertThatIllegalArgumentException()
          .as(wrong)
          .isThrownBy(() -> Subject.parse(wrong))
          .withMessageContaining("nobody who could be limited");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Subject.parse("prefix:192.0.2.0/16"))
        .withMessageContaining("/24");
  }

  @Test
  void clientsAreCountedAsOperatorsNameThem() throws Exception {
    InetAddress v6 = InetAddress.getByName("2001:db8:0:1:2:3:4:5");
    assertThat(Subject.address(v6)).isEqualTo(Subject.parse("address:2001:db8:0:1::9"));
    assertThat(Subject.prefix(v6)).isEqualTo(Subject.parse("prefix:2001:db8::/48"));
    InetAddress v4 = InetAddress.getByName("192.0.2.7");
    assertThat(Subject.address(v4)).isEqualTo(Subject.parse("address:192.0.2.7"));
    assertThat(Subject.prefix(v4)).isEqualTo(Subject.parse("prefix:192.0.2.0/24"));
  }

  @Test
  void whatMakesNoSenseIsNoLimit() {
    assertThatIllegalArgumentException().isThrownBy(() -> limit("total", Dimension.COMMANDS, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> limit("total", Dimension.SENT, 1023));
    assertThatIllegalArgumentException().isThrownBy(() -> limit("total", Dimension.SESSIONS, -1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Limit(Subject.TOTAL, Dimension.SESSIONS, 5, 5));
    assertThatIllegalArgumentException().isThrownBy(() -> Dimension.parse("speed"));
    assertThat(limit("total", Dimension.SESSIONS, 0).value()).isZero();
    assertThat(limit("total", Dimension.NEW, Limit.UNLIMITED).isUnlimited()).isTrue();
  }

  @Test
  void theNearestLimitCounts() {
    Limits limits =
        new Limits(
            1,
            List.of(
                limit("account:*", Dimension.SESSIONS, 10),
                limit("account:*@demo.test", Dimension.SESSIONS, 5),
                limit("account:u1@demo.test", Dimension.SESSIONS, 7),
                limit("account:u2@demo.test", Dimension.SESSIONS, Limit.UNLIMITED),
                limit("account:*", Dimension.COMMANDS, 3),
                limit("address:*", Dimension.SESSIONS, 4),
                limit("total", Dimension.NEW, 9)),
            true);
    assertThat(source(limits, "account:u1@demo.test", Dimension.SESSIONS).value()).isEqualTo(7);
    assertThat(source(limits, "account:u3@demo.test", Dimension.SESSIONS).value()).isEqualTo(5);
    assertThat(source(limits, "account:u3@other.test", Dimension.SESSIONS).value()).isEqualTo(10);
    assertThat(source(limits, "account:u1@demo.test", Dimension.COMMANDS).value()).isEqualTo(3);
    assertThat(source(limits, "account:u1@demo.test", Dimension.SENT)).isNull();
    Subject free = Subject.parse("account:u2@demo.test");
    assertThat(limits.on(free, Dimension.SESSIONS)).isNull();
    assertThat(limits.source(free, Dimension.SESSIONS).isUnlimited()).isTrue();
    assertThat(source(limits, "total", Dimension.NEW).value()).isEqualTo(9);
    assertThat(source(limits, "address:192.0.2.1", Dimension.SESSIONS).value()).isEqualTo(4);
    // This machine is free of what is so by default.
    assertThat(source(limits, "address:127.0.0.1", Dimension.SESSIONS)).isNull();
    assertThat(source(limits, "address:::1", Dimension.SESSIONS)).isNull();
  }

  @Test
  void allNodesReadTheSameWhateverWasCompacted() {
    LimitBook one = new LimitBook(store.logs());
    LimitBook other = new LimitBook(store.logs());
    assertThat(one.limits()).isEmpty();
    one.set(limit("total", Dimension.NEW, 7));
    other.set(limit("domain:demo.test", Dimension.SESSIONS, 3));
    for (int i = 0; i < 3 * LimitBook.KEPT; i++) {
      (i % 2 == 0 ? one : other).set(limit("account:u1@demo.test", Dimension.SENT, 2000 + i));
    }
    assertThat(other.remove(Subject.parse("domain:demo.test"), Optional.of(Dimension.NEW)))
        .isEmpty();
    List<Limit> expected = new ArrayList<>();
    expected.add(limit("account:u1@demo.test", Dimension.SENT, 2000 + 3 * LimitBook.KEPT - 1));
    expected.add(limit("domain:demo.test", Dimension.SESSIONS, 3));
    expected.add(limit("total", Dimension.NEW, 7));
    assertThat(new LimitBook(store.logs()).limits()).isEqualTo(expected);
    assertThat(one.limits()).isEqualTo(expected);
    assertThat(store.logs().read(LimitBook.LOG, 0, Long.MAX_VALUE - 1, 10_000))
        .hasSizeLessThanOrEqualTo(2 * LimitBook.KEPT);
    assertThat(one.remove(Subject.parse("domain:demo.test"), Optional.empty())).hasSize(1);
    expected.remove(1);
    assertThat(other.limits()).isEqualTo(expected);
    store.logs().drop(LimitBook.LOG);
    assertThat(other.limits()).isEmpty();
  }
}
