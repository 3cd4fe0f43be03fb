package hikyaku.server.origin;

import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.wire.OctetSink;
import hikyaku.server.dns.Dns;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Finds out whom mail is from. Safe for many threads. */
public final class Origin implements AutoCloseable {
  private final OriginSettings settings;
  private final Dns dns;
  private final InstantSource clock;
  private final MeterRegistry meters;
  private final Timer waits;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("origin-", 0).factory());

  /**
   * @param settings under a name
   */
  public Origin(OriginSettings settings, Dns dns, InstantSource clock, MeterRegistry meters) {
    this.settings = settings;
    this.dns = dns;
    this.clock = clock;
    this.meters = meters;
    this.waits =
        Timer.builder("hikyaku.origin.wait")
            .description("From the end of a message to what is found out about whom it is from")
            .register(meters);
  }

  /** Whether mail from an address is our own, and not looked at. */
  public boolean isTrusted(InetAddress client) {
    return settings.trusted().stream().anyMatch(each -> each.contains(client));
  }

  /**
   * Begins to look at a message.
   *
   * @param helo how the client calls itself
   * @param localPart of the sender; empty for none
   * @param domain of the sender; empty for none
   * @param id of the transaction, the same wherever it is repeated
   */
  public Examination examine(
      InetAddress client, String helo, String localPart, String domain, String id) {
    return new Examination(
        settings,
        new Examination.Message(client, helo, localPart, domain, id),
        clock.instant(),
        new Questions(threads, dns, settings.questions()),
        this::count);
  }

  /** Whose signatures of a message hold. Waits for DNS, until the deadline. */
  public HeldSignatures signatures(OnwardProof.Content message) throws IOException {
    try (Questions questions = new Questions(threads, dns, settings.questions())) {
      DkimCheck.Bodies bodies = new DkimCheck.Bodies();
      AtomicReference<@Nullable DkimCheck> check = new AtomicReference<>();
      HeldHead passage =
          new HeldHead(
              (_, _, _) -> {},
              settings.header(),
              _ -> false,
              new HeldHead.Reader() {
                @Override
                public void head(HeaderFields head, boolean complete) {
                  int most = complete ? settings.signatures() : 0;
                  check.set(new DkimCheck(head, most, clock.instant(), bodies, questions));
                }

                @Override
                public void body(byte[] octets, int offset, int length) {
                  bodies.write(octets, offset, length);
                }
              });
      message.copyTo(passage);
      passage.end();
      questions.hurry(settings.deadline().toNanos());
      DkimCheck.Results results = Objects.requireNonNull(check.get()).finish(bodies);
      return new HeldSignatures(results.passed(), results.unsure());
    }
  }

  /** The way of a message that nobody looks at, without the fields that say to be ours. */
  public Passage scrub(OctetSink passed) {
    return new HeldHead(
        passed,
        settings.header(),
        field -> isForged(field, settings.authservId()),
        HeldHead.Reader.NONE);
  }

  /** Figures of what was found, and of how long it was waited for. */
  private void count(Finding finding, Duration waited) {
    for (String result : finding.results()) {
      int equals = result.indexOf('=');
      meters
          .counter(
              "hikyaku.origin.results",
              "method",
              result.substring(0, equals),
              "result",
              result.substring(equals + 1))
          .increment();
    }
    waits.record(waited);
  }

  /** RFC 8601 §5: says to be from us, or does not say from whom it is. */
  static boolean isForged(HeaderField field, String authservId) {
    if (!field.is(ResultsField.NAME)) {
      return false;
    }
    String from = ResultsField.authServId(field.value());
    return from.isEmpty() || from.equalsIgnoreCase(authservId);
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
