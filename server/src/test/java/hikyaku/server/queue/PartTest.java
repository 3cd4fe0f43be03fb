package hikyaku.server.queue;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.smtpclient.Route;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whose turn it is, of messages as they stand in the log. */
class PartTest {
  private static final Outgoing.Terms USUAL = Outgoing.Terms.NONE;

  private final MemoryStore store = new MemoryStore(Clock.systemUTC());
  private final Schedule schedule =
      new Schedule(
          QueueSettings.DEFAULTS, new Backoff(1, 1, new Random(1)), Clock.systemUTC(), () -> true);

  @BeforeEach
  void open() {
    new Outbox(store.logs()).open();
  }

  /** Puts a message into the log. */
  private void put(
      String name, String session, String account, String script, Outgoing.Terms terms) {
    Blob blob;
    try (BlobWriter writer = store.blobs().create()) {
      blob = writer.finish();
    }
    Mailbox sender = new Mailbox(new MailAddress("me", "home.test"));
    Outgoing message =
        new PlainMail(name, session, sender)
            .of(
                blob,
                List.of(
                    new Outgoing.To(
                        new Mailbox(new MailAddress("you", "there.test")), RcptParameters.NONE)),
                account,
                script,
                terms);
    store.logs().append(Append.to(Part.log(0), List.of(QueueCodec.queued(message)))).orThrow();
  }

  /** In which order what is in the log goes out over one connection. */
  private List<String> order() throws Exception {
    Part part =
        new Part(
            0,
            store.logs(),
            schedule,
            (_, to) -> new Goal(new Route.Exchange(to.address().domain()), false));
    part.refresh(Long.MAX_VALUE);
    Destination destination = schedule.next();
    List<String> order = new ArrayList<>();
    for (Job job = schedule.take(destination, 0, 100);
        job != null;
        job = schedule.take(destination, 0, 100)) {
      order.add(part.read(job.message).transaction());
    }
    return order;
  }

  /** An account does not get ahead by sessions, nor by what its script sends. */
  @Test
  void accountsTakeTurnsWithTheirScripts() throws Exception {
    put("a1", "s1", "a", "", USUAL);
    put("a2", "s2", "a", "", USUAL);
    put("script of a", "s3", "", "a", USUAL);
    put("a4", "s4", "a", "", USUAL);
    put("b1", "s1", "b", "", USUAL);
    put("b2", "s1", "", "b", USUAL);
    put("c1", "s1", "c", "", USUAL);
    // The fourth is the one that has been there for longest.
    assertThat(order()).containsExactly("a1", "b1", "c1", "a2", "script of a", "b2", "a4");
  }

  /** That of lists and reports. */
  @Test
  void mailOfNoAccountTakesTurnsBySession() throws Exception {
    put("x1", "x", "", "", USUAL);
    put("x2", "x", "", "", USUAL);
    put("x3", "x", "", "", USUAL);
    put("y1", "y", "", "", USUAL);
    put("z1", "z", "", "", USUAL);
    put("a1", "x", "a", "", USUAL);
    assertThat(order()).containsExactly("x1", "y1", "z1", "x2", "a1", "x3");
  }

  @Test
  void priorityGoesBeforeTurns() throws Exception {
    put("a1", "s", "a", "", USUAL);
    put("a2", "s", "a", "", new Outgoing.Terms(0, "", null, 3));
    put("b1", "s", "b", "", USUAL);
    put("a3", "s", "a", "", new Outgoing.Terms(0, "", null, 3));
    assertThat(order()).containsExactly("a2", "a3", "a1", "b1");
  }
}
