package hikyaku.server.origin;

import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.wire.OctetSink;
import hikyaku.server.dns.Dns;
import hikyaku.server.origin.DmarcCheck.Identities;
import hikyaku.server.origin.DmarcCheck.Verdict;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Foretells what others will find of mail that is sent on with something added, such as by a
 * mailing list: the domain that sends it on passes SPF for itself alone, so only the signatures of
 * the author's domain can still prove whom it is from (RFC 7489 §3.1, RFC 7960 §3.2.3). Safe for
 * many threads.
 */
public final class OnwardProof {
  private final OriginSettings settings;
  private final Dns dns;
  private final InstantSource clock;

  /** Threads of questions, which end with them; none waits for another message. */
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("onward-", 0).factory());

  public OnwardProof(OriginSettings settings, Dns dns, InstantSource clock) {
    this.settings = settings;
    this.dns = dns;
    this.clock = clock;
  }

  /** A message as it will go out. */
  @FunctionalInterface
  public interface Content {
    void copyTo(OctetSink sink) throws IOException;
  }

  /**
   * Whether others will take a message for forged: an author's domain wants what is not proven to
   * be from it refused or set apart, in whatever share of cases, and nothing will prove it. True
   * also where DNS does not say within the deadline of {@code origin}.
   *
   * @param sender the domain that sends it on, which is proven to all
   */
  public boolean isMissing(String sender, Content message) throws IOException {
    try (Questions questions = new Questions(threads, dns, settings.questions())) {
      Look look = new Look(sender, questions);
      HeldHead passage = new HeldHead((_, _, _) -> {}, settings.header(), _ -> false, look);
      message.copyTo(passage);
      passage.end();
      questions.hurry(settings.deadline().toNanos());
      Verdict verdict = look.verdict();
      return switch (verdict.result()) {
        case NONE, PASS -> false;
        case FAIL -> verdict.published() != DmarcRecord.Policy.NONE;
        case TEMPERROR, PERMERROR -> true;
      };
    }
  }

  private final class Look implements HeldHead.Reader {
    private final String sender;
    private final Questions questions;
    private final DkimCheck.Bodies bodies = new DkimCheck.Bodies();
    private @Nullable DkimCheck dkim;
    private @Nullable DmarcCheck dmarc;

    Look(String sender, Questions questions) {
      this.sender = DomainName.of(sender).orElse(sender);
      this.questions = questions;
    }

    @Override
    public void head(HeaderFields head, boolean complete) {
      DkimCheck signatures =
          new DkimCheck(
              head, complete ? settings.signatures() : 0, clock.instant(), bodies, questions);
      List<String> others = new ArrayList<>(signatures.domains());
      others.add(sender);
      dkim = signatures;
      dmarc = new DmarcCheck(head, complete, others, questions);
    }

    @Override
    public void body(byte[] octets, int offset, int length) {
      bodies.write(octets, offset, length);
    }

    Verdict verdict() {
      DkimCheck signatures = dkim;
      DmarcCheck policies = dmarc;
      if (signatures == null || policies == null) {
        throw new IllegalStateException("the message has not come to its end");
      }
      DkimCheck.Results signed = signatures.finish(bodies);
      List<String> proven = new ArrayList<>(signed.passed());
      proven.add(sender);
      // The strictest share: one message stands for all that the domain's policy is for.
      return policies.finish(new Identities(Optional.empty(), proven, signed.unsure()), 0);
    }
  }
}
