package hikyaku.server.origin;

import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.wire.OctetSink;
import hikyaku.server.dns.DnsException;
import hikyaku.server.origin.DmarcCheck.Identities;
import hikyaku.server.origin.DmarcCheck.Result;
import hikyaku.server.origin.DmarcCheck.Verdict;
import hikyaku.server.origin.Finding.Disposition;
import hikyaku.server.origin.OriginSettings.Action;
import hikyaku.server.origin.OriginSettings.Unsure;
import hikyaku.server.origin.ResultsField.Method;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One message is looked at as it comes in. Used by one thread; closing it ends what is still asked.
 */
public final class Examination implements AutoCloseable {
  private final OriginSettings settings;
  private final Message message;
  private final Instant now;
  private final Questions questions;
  private final BiConsumer<Finding, Duration> told;
  private final DkimCheck.Bodies bodies = new DkimCheck.Bodies();

  private final Questions.Answer<SpfCheck.Outcome> helo;
  private final Questions.@Nullable Answer<SpfCheck.Outcome> sender;
  private @Nullable DkimCheck dkim;
  private @Nullable ArcCheck arc;
  private @Nullable DmarcCheck dmarc;

  /** How a message comes. See {@link Origin#examine}. */
  record Message(
      java.net.InetAddress client, String helo, String localPart, String domain, String id) {}

  Examination(
      OriginSettings settings,
      Message message,
      Instant now,
      Questions questions,
      BiConsumer<Finding, Duration> told) {
    this.settings = settings;
    this.message = message;
    this.now = now;
    this.questions = questions;
    this.told = told;
    helo =
        questions.start(dns -> SpfCheck.check(dns, message.client, message.helo, "", message.helo));
    sender =
        message.domain.isEmpty()
            ? null
            : questions.start(dns ->
                SpfCheck.check(
                    dns, message.client, message.helo, message.localPart, message.domain));
  }

  /** The way of the message's octets: what goes on lacks the fields that are not what they say. */
  public Passage through(OctetSink passed) {
    return new HeldHead(
        passed,
        settings.header(),
        field -> Origin.isForged(field, settings.authservId()),
        new HeldHead.Reader() {
          @Override
          public void head(HeaderFields head, boolean complete) {
            look(head, complete);
          }

          @Override
          public void body(byte[] octets, int offset, int length) {
            bodies.write(octets, offset, length);
          }
        });
  }

  private void look(HeaderFields head, boolean complete) {
    DkimCheck signatures =
        new DkimCheck(head, complete ? settings.signatures() : 0, now, bodies, questions);
    dkim = signatures;
    if (complete) {
      arc = new ArcCheck(head, bodies, questions);
    }
    List<String> others = new ArrayList<>(signatures.domains());
    DomainName.of(identity()).ifPresent(others::add);
    dmarc = new DmarcCheck(head, complete, others, questions);
  }

  /** Whom SPF speaks of (RFC 7208 §2.4, RFC 7489 §3.1.2). */
  private String identity() {
    return message.domain.isEmpty() ? message.helo : message.domain;
  }

  /** What came of it, once the message has passed. Waits for DNS, until the deadline. */
  public Finding finish() {
    long began = System.nanoTime();
    Finding finding = find();
    told.accept(finding, Duration.ofNanos(System.nanoTime() - began));
    return finding;
  }

  private Finding find() {
    DkimCheck signatures = dkim;
    DmarcCheck policies = dmarc;
    if (signatures == null || policies == null) {
      throw new IllegalStateException("the message has not come to its end");
    }
    questions.hurry(settings.deadline().toNanos());
    List<Method> methods = new ArrayList<>();
    SpfCheck.Outcome looked = spf(methods);
    SpfResult spf = looked.result();
    DkimCheck.Results signed = signatures.finish(bodies);
    methods.addAll(signed.methods());
    Verdict verdict = policies.finish(identities(spf, signed), sample());
    ArcCheck chain = arc;
    ArcCheck.Results sealed = chain == null ? null : chain.finish(bodies);
    boolean vouched = sealed != null && isVouched(sealed);
    Disposition disposition = disposition(verdict, spf, vouched);
    boolean denied = !vouched && isDenied(spf, verdict, signed.passed());
    methods.add(told(verdict, disposition, vouched, denied));
    if (sealed != null && !sealed.method().result().equals("none")) {
      methods.add(sealed.method());
    }
    return new Finding(
        ResultsField.write(settings.authservId(), methods),
        methods.stream().map(Method::brief).toList(),
        verdict.author(),
        disposition,
        sealed == null || !settings.seal() ? Finding.Chain.CLOSED : sealed.chain(),
        judged(verdict, spf, signed, disposition, vouched),
        denied,
        disposition == Disposition.REFUSE_SPF ? explanation(looked) : Optional.empty());
  }

  /** What whoever is refused is told by the domain that does not let its server pass. */
  private Optional<Finding.Explanation> explanation(SpfCheck.Outcome failed) {
    SpfCheck check = failed.check();
    if (check == null) {
      return Optional.empty();
    }
    try {
      return questions
          .start(_ -> check.explanation(settings.authservId(), now))
          .get()
          .map(text -> new Finding.Explanation(told(identity()), text));
    } catch (DnsException e) {
      return Optional.empty();
    }
  }

  /** What of it is for reports. What is put off is judged when it comes again. */
  private Optional<Judged> judged(
      Verdict verdict,
      SpfResult spf,
      DkimCheck.Results signed,
      Disposition disposition,
      boolean vouched) {
    DmarcCheck.Grounds grounds = verdict.grounds();
    if (grounds == null
        || disposition == Disposition.DEFER_DNS
        || disposition == Disposition.DEFER_SPF) {
      return Optional.empty();
    }
    DmarcRecord record = grounds.record();
    boolean pass = verdict.result() == Result.PASS;
    String became =
        pass && verdict.published() != DmarcRecord.Policy.NONE ? "pass" : disposition.told();
    return Optional.of(
        new Judged(
            message.client,
            verdict.author(),
            told(message.domain),
            new Judged.Published(
                grounds.domain(),
                Text.lower(record.policy().name()),
                Text.lower(record.below().name()),
                Text.lower(record.absent().name()),
                record.strictDkim(),
                record.strictSpf(),
                record.testing(),
                record.reports()),
            grounds.dkim(),
            grounds.spf(),
            became,
            pass ? Judged.Override.NONE : override(verdict, record, became, vouched),
            told(identity()),
            Text.lower(spf.name()),
            signed.signatures()));
  }

  /** Why something else became of a message than its author's domain wants (RFC 7489 §7.2). */
  private Judged.Override override(
      Verdict verdict, DmarcRecord record, String became, boolean vouched) {
    if (verdict.result() == Result.TEMPERROR) {
      return Judged.Override.UNSURE;
    }
    if (became.equals(Text.lower(verdict.published().name()))) {
      return Judged.Override.NONE;
    }
    if (vouched) {
      return Judged.Override.SEALED;
    }
    if (isForwarder()) {
      return Judged.Override.FORWARDER;
    }
    if (verdict.asked() != verdict.published()
        && became.equals(Text.lower(verdict.asked().name()))) {
      return record.testing() ? Judged.Override.TESTING : Judged.Override.SAMPLED;
    }
    return Judged.Override.LOCAL;
  }

  /** The result that counts: of the sender, or of the client where there is none. */
  private SpfCheck.Outcome spf(List<Method> methods) {
    SpfCheck.Outcome ofHelo = answer(helo);
    if (sender == null || ofHelo.result() != SpfResult.NONE) {
      methods.add(method(ofHelo, "smtp.helo", message.helo));
    }
    if (sender == null) {
      return ofHelo;
    }
    SpfCheck.Outcome ofSender = answer(sender);
    methods.add(method(ofSender, Finding.OF_SENDER, message.domain));
    return ofSender;
  }

  private static Method method(SpfCheck.Outcome found, String property, String domain) {
    return Method.of("spf", Text.lower(found.result().name()), "", property, told(domain));
  }

  /** A domain as DNS knows it; what is none, as it was said. */
  private static String told(String domain) {
    return DomainName.of(domain).orElse(domain);
  }

  private static SpfCheck.Outcome answer(Questions.Answer<SpfCheck.Outcome> asked) {
    try {
      return asked.get();
    } catch (DnsException e) {
      return new SpfCheck.Outcome(SpfResult.TEMPERROR, null);
    }
  }

  private Identities identities(SpfResult spf, DkimCheck.Results signed) {
    Optional<String> domain = DomainName.of(identity());
    List<String> unsure = new ArrayList<>(signed.unsure());
    if (spf == SpfResult.TEMPERROR) {
      domain.ifPresent(unsure::add);
    }
    return new Identities(
        spf == SpfResult.PASS ? domain : Optional.empty(), signed.passed(), unsure);
  }

  /** The same for a message wherever it is looked at, so that no repeat is judged otherwise. */
  private int sample() {
    return Math.floorMod(message.id.hashCode() * 0x9e3779b9, 100);
  }

  private boolean isVouched(ArcCheck.Results sealed) {
    return !sealed.passed().isEmpty()
        && settings.sealers().containsAll(sealed.passed())
        && ResultsField.says(sealed.first(), "dmarc", "pass");
  }

  private boolean isForwarder() {
    return settings.forwarders().stream().anyMatch(each -> each.contains(message.client));
  }

  private Disposition disposition(Verdict verdict, SpfResult spf, boolean vouched) {
    if (vouched || isForwarder() || verdict.result() == Result.PASS) {
      return Disposition.ACCEPT;
    }
    if (verdict.result() == Result.TEMPERROR && settings.unsure() == Unsure.DEFER) {
      return spf == SpfResult.TEMPERROR ? Disposition.DEFER_SPF : Disposition.DEFER_DNS;
    }
    Disposition byDmarc =
        switch (verdict.asked()) {
          case NONE -> Disposition.ACCEPT;
          case QUARANTINE -> of(settings.dmarcQuarantine(), Disposition.REFUSE_DMARC);
          case REJECT -> of(settings.dmarcReject(), Disposition.REFUSE_DMARC);
        };
    Disposition bySpf =
        spf == SpfResult.FAIL ? of(settings.spfFail(), Disposition.REFUSE_SPF) : Disposition.ACCEPT;
    return byDmarc.compareTo(bySpf) >= 0 ? byDmarc : bySpf;
  }

  private static Disposition of(Action action, Disposition refusal) {
    return switch (action) {
      case ACCEPT -> Disposition.ACCEPT;
      case JUNK -> Disposition.JUNK;
      case REFUSE -> refusal;
    };
  }

  /**
   * Whether its sender is most likely not who it says. A signature of its domain, or of one above
   * that, proves as much as SPF does, and holds where SPF does not: when mail was forwarded.
   *
   * @param signed domains whose signatures hold
   */
  private boolean isDenied(SpfResult spf, Verdict verdict, List<String> signed) {
    if (verdict.result() == Result.PASS
        || message.domain.isEmpty()
        || (spf != SpfResult.FAIL && spf != SpfResult.SOFTFAIL)) {
      return false;
    }
    return !new HeldSignatures(signed, List.of()).prove(told(message.domain));
  }

  private static Method told(
      Verdict verdict, Disposition disposition, boolean vouched, boolean denied) {
    String result = Text.lower(verdict.result().name());
    String policy =
        verdict.result() == Result.NONE || verdict.result() == Result.TEMPERROR
            ? ""
            : "p=" + Text.lower(verdict.published().name()) + " ";
    String comment =
        policy
            + (vouched ? "arc=believed " : "")
            + (denied ? Finding.DENIED + " " : "")
            + "dis="
            + disposition.told();
    return verdict.author().isEmpty()
        ? Method.of("dmarc", result, comment)
        : Method.of("dmarc", result, comment, "header.from", verdict.author());
  }

  @Override
  public void close() {
    questions.close();
  }
}
