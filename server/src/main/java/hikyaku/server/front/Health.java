package hikyaku.server.front;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The judge of the nodes: from what probes find it makes a factor from 0 to 1 for each, by which
 * its weight counts for new sessions.
 *
 * <p>A step's latency is smoothed and compared with the median of the other nodes, so that what
 * slows all of them (the store, this front) makes none of them look worse. One late answer weighs
 * little, however late, and the first, which finds a node cold, nothing. Failures in a row take a
 * node out; it comes back after successes in a row, and with little weight at first, because its
 * failed step counts as having taken the whole timeout. A node that nothing is known of counts in
 * full. Safe for use by many threads.
 */
public final class Health {
  private static final Logger LOG = LoggerFactory.getLogger(Health.class);

  /** The part of a new latency in the smoothed one. */
  private static final double NEW = 0.3;

  /** One answer counts as late as so many times what was usual, and no more. */
  private static final double SURPRISE = 4;

  /** Nodes may be so many times slower than the median of the others and lose nothing. */
  private static final double SPREAD = 3;

  /**
   * A node that is slow, and not yet failing, keeps this much: else nobody would see it recover.
   */
  private static final double LEAST = 0.05;

  /** Below the first a node is said to be slow, above the second to be well again. */
  private static final double SLOW = 0.5;

  private static final double WELL = 0.8;

  private final HealthSettings settings;
  private final MeterRegistry meters;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Patient> patients = new TreeMap<>();
  private final Map<String, Double> factors = new ConcurrentHashMap<>();

  /** What is tried. */
  public enum Probe {
    /** A question over the link, answered by the other end of it at once. */
    LINK,
    /** A short dialogue with each service. */
    DIALOGUE,
    /** A user who gets a message and reads it. */
    USER
  }

  /** How a node stands. */
  public enum Standing {
    /** It gets its share, or nearly. */
    GOOD,
    /** It is slower than the others and gets less. */
    SLOW,
    /** It fails a probe and gets no new sessions if there is a better one. */
    FAILING
  }

  /**
   * A node as it is judged.
   *
   * @param factor by which its weight counts now
   * @param latency of each step, smoothed
   * @param trouble what failed last or is slowest, in words; empty for a node that is good
   * @param untried steps that are not tried on it, with the reason
   * @param since when its standing changed last
   */
  public record Verdict(
      String node,
      Standing standing,
      double factor,
      Map<String, Duration> latency,
      Optional<String> trouble,
      List<String> untried,
      Instant since) {}

  /** A node and what is known of it. Guarded by the lock. */
  private final class Patient {
    final String node;
    final Map<String, Double> nanos = new TreeMap<>();
    final Map<Probe, Course> courses = new EnumMap<>(Probe.class);
    final List<io.micrometer.core.instrument.Meter> shown = new ArrayList<>();
    Standing standing = Standing.GOOD;
    Instant since = clock.instant();
    double factor = 1;
    @Nullable String slowest;

    Patient(String node) {
      this.node = node;
    }

    boolean isFailing() {
      return courses.values().stream().anyMatch(course -> course.out);
    }
  }

  /** How one probe of a node went lately. */
  private static final class Course {
    int failures;
    int successes;
    boolean out;
    Findings last = Findings.good(Map.of());
    Findings.@Nullable Failure failure;
  }

  public Health(HealthSettings settings, MeterRegistry meters, InstantSource clock) {
    this.settings = settings;
    this.meters = meters;
    this.clock = clock;
  }

  /** By how much a node's weight counts now: 0 for none, if there is a better node, 1 for all. */
  public double factor(String node) {
    return factors.getOrDefault(node, 1.0);
  }

  /** Every node that something is known of, by name. */
  public List<Verdict> verdicts() {
    lock.lock();
    try {
      return patients.values().stream().map(this::verdict).toList();
    } finally {
      lock.unlock();
    }
  }

  private Verdict verdict(Patient patient) {
    Map<String, Duration> latency = new TreeMap<>();
    patient.nanos.forEach((step, nanos) -> latency.put(step, Duration.ofNanos(nanos.longValue())));
    return new Verdict(
        patient.node,
        patient.standing,
        patient.factor,
        latency,
        trouble(patient),
        patient.courses.values().stream()
            .flatMap(course -> course.last.untried().stream())
            .distinct()
            .toList(),
        patient.since);
  }

  private static Optional<String> trouble(Patient patient) {
    for (Map.Entry<Probe, Course> each : patient.courses.entrySet()) {
      Findings.Failure failure = each.getValue().failure;
      if (each.getValue().out && failure != null) {
        return Optional.of(failure.step() + ": " + failure.why());
      }
    }
    String slowest = patient.slowest;
    return patient.standing == Standing.SLOW && slowest != null
        ? Optional.of(slowest + " takes " + millis(patient, slowest) + " ms")
        : Optional.empty();
  }

  private static long millis(Patient patient, String step) {
    return TimeUnit.NANOSECONDS.toMillis(patient.nanos.getOrDefault(step, 0.0).longValue());
  }

  /** Forgets a node whose link is gone: the next one is another run of it. */
  public void forget(String node) {
    lock.lock();
    try {
      Patient patient = patients.remove(node);
      factors.remove(node);
      if (patient != null) {
        patient.shown.forEach(meters::remove);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes in what a probe has found. */
  public void found(String node, Probe probe, Findings findings) {
    lock.lock();
    try {
      Patient patient = patients.computeIfAbsent(node, this::admit);
      Course course = patient.courses.computeIfAbsent(probe, _ -> new Course());
      course.last = findings;
      findings.took().forEach((step, took) -> took(patient, step, took));
      findings
          .failure()
          .ifPresentOrElse(
              failure -> failed(patient, probe, course, failure), () -> passed(course));
      patients.values().forEach(this::judge);
    } finally {
      lock.unlock();
    }
  }

  private Patient admit(String node) {
    Patient patient = new Patient(node);
    patient.shown.add(
        Gauge.builder("hikyaku.front.node.health", () -> factor(node))
            .description("By how much a node's weight counts for new sessions, 0 to 1")
            .tag("node", node)
            .register(meters));
    return patient;
  }

  private void took(Patient patient, String step, Duration took) {
    Timer timer =
        Timer.builder("hikyaku.front.probes")
            .description("Steps of probes that succeeded, and how long they took")
            .tag("node", patient.node)
            .tag("step", step)
            .register(meters);
    timer.record(took);
    note(patient, timer);
    patient.nanos.compute(
        step,
        (_, before) ->
            before == null
                ? Math.min(took.toNanos(), settings.tolerated().toNanos())
                : smooth(before, took.toNanos()));
  }

  private static void note(Patient patient, io.micrometer.core.instrument.Meter meter) {
    if (!patient.shown.contains(meter)) {
      patient.shown.add(meter);
    }
  }

  private double smooth(double before, double now) {
    double most = SURPRISE * Math.max(before, settings.tolerated().toNanos());
    return before + NEW * (Math.min(now, most) - before);
  }

  private void failed(Patient patient, Probe probe, Course course, Findings.Failure failure) {
    Counter counter =
        Counter.builder("hikyaku.front.probe.failures")
            .description("Probes of a node that failed")
            .tag("node", patient.node)
            .tag("probe", probe.name().toLowerCase(Locale.ROOT))
            .register(meters);
    counter.increment();
    note(patient, counter);
    course.failure = failure;
    course.failures++;
    course.successes = 0;
    course.out |= course.failures >= settings.failures();
    patient.nanos.merge(failure.step(), (double) settings.timeout().toNanos(), Math::max);
  }

  private void passed(Course course) {
    course.failures = 0;
    course.successes++;
    course.out &= course.successes < settings.recoveries();
  }

  private void judge(Patient patient) {
    patient.slowest = null;
    double factor = 1;
    for (Map.Entry<String, Double> each : patient.nanos.entrySet()) {
      double here = tolerated(patient, each.getKey()) / each.getValue();
      if (here < factor) {
        factor = here;
        patient.slowest = each.getKey();
      }
    }
    patient.factor = patient.isFailing() ? 0 : Math.max(factor, LEAST);
    factors.put(patient.node, patient.factor);
    Standing now =
        patient.isFailing()
            ? Standing.FAILING
            : factor < SLOW || factor < WELL && patient.standing != Standing.GOOD
                ? Standing.SLOW
                : Standing.GOOD;
    if (now != patient.standing) {
      Standing before = patient.standing;
      patient.standing = now;
      patient.since = clock.instant();
      tell(patient, before);
    }
  }

  /** How long a step may take here: beyond that the node loses weight. */
  private double tolerated(Patient patient, String step) {
    double[] others =
        patients.values().stream()
            .filter(other -> other != patient && !other.isFailing())
            .map(other -> other.nanos.get(step))
            .filter(java.util.Objects::nonNull)
            .mapToDouble(Double::doubleValue)
            .sorted()
            .toArray();
    double median =
        others.length == 0 ? 0 : (others[(others.length - 1) / 2] + others[others.length / 2]) / 2;
    return Math.max(settings.tolerated().toNanos(), SPREAD * median);
  }

  private void tell(Patient patient, Standing before) {
    String factor = String.format(Locale.ROOT, "%.2f", patient.factor);
    switch (patient.standing) {
      case GOOD -> LOG.atInfo().addKeyValue("node", patient.node).log("a node is well again");
      case SLOW ->
          (before == Standing.FAILING ? LOG.atInfo() : LOG.atWarn())
              .addKeyValue("node", patient.node)
              .addKeyValue("cause", trouble(patient).orElse(""))
              .addKeyValue("factor", factor)
              .log(
                  before == Standing.FAILING
                      ? "a node recovers and gets a few sessions"
                      : "a node is slow and gets fewer sessions");
      case FAILING ->
          LOG.atWarn()
              .addKeyValue("node", patient.node)
              .addKeyValue("cause", trouble(patient).orElse(""))
              .log("a node fails and gets no new sessions");
    }
  }

  /** Sentences on what keeps the front from serving well: none of its nodes passes its probes. */
  public List<String> problems() {
    List<Verdict> all = verdicts();
    return all.isEmpty() || all.stream().anyMatch(each -> each.standing() != Standing.FAILING)
        ? List.of()
        : all.stream()
            .sorted(Comparator.comparing(Verdict::node))
            .map(each -> "the node " + each.node() + " fails: " + each.trouble().orElse(""))
            .toList();
  }
}
