package hikyaku.server.dmarc;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.FoldedLogs;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogFold;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.dmarc.proto.Counted;
import hikyaku.server.dmarc.proto.DmarcEvent;
import hikyaku.server.dmarc.proto.PublishedPolicy;
import hikyaku.server.dmarc.proto.ResultRow;
import hikyaku.server.dmarc.proto.RowSignature;
import hikyaku.server.origin.Judged;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what DMARC makes of mail that comes in, the same for all nodes. Methods that write or read
 * may throw {@link StoreException}. Safe for use by many threads.
 */
public final class DmarcResults {
  private static final Logger LOG = LoggerFactory.getLogger(DmarcResults.class);

  /** Logs, over which domains are spread so that nodes do not wait for each other. */
  static final int PARTS = 16;

  /** Addresses that one domain may name; more are passed over. */
  static final int MOST_PLACES = 5;

  /** Characters of a place. */
  private static final int LONGEST_PLACE = 300;

  /** Signatures of a message that are told of, the best first. */
  static final int MOST_SIGNATURES = 4;

  private static final int LONGEST_NAME = 253;
  private static final int PAGE = 5_000;

  /** A snapshot is made after so many entries. */
  static final int SNAPSHOT_AFTER = 2_000;

  /** Messages that this node counts of a part before it folds them, if nobody else does before. */
  private static final int GATHERED = 5_000;

  /** Octets of tallies that are held in memory. */
  private static final long CACHED = 8 << 20;

  /** What may stand in names of files and in fields of a header. */
  private static final Pattern PLAIN = Pattern.compile("[a-z0-9_.-]{1,253}");

  private static final LogFold<Tally> FOLD =
      new LogFold<>(Tally::seq, Tally::of, Tally::fold, PAGE);

  private final LogStore logs;
  private final InstantSource clock;
  private final Set<String> reporters;
  private final FoldedLogs<Tally> tallies;
  private final List<AtomicInteger> gathered =
      IntStream.range(0, PARTS).mapToObj(_ -> new AtomicInteger()).toList();

  /**
   * @param reporters addresses that reports are from and come to
   */
  public DmarcResults(LogStore logs, InstantSource clock, List<String> reporters) {
    this.logs = logs;
    this.clock = clock;
    this.reporters =
        reporters.stream().map(DmarcResults::lower).collect(Collectors.toUnmodifiableSet());
    this.tallies =
        new FoldedLogs<>(
            logs,
            FOLD,
            Tally.NONE,
            Tally::weight,
            CACHED,
            (log, tally) -> tallies().snapshotIfLong(log, tally, SNAPSHOT_AFTER, tally::snapshot));
  }

  private FoldedLogs<Tally> tallies() {
    return tallies;
  }

  static LogName log(int part) {
    return new LogName("dmarc-results/%02d".formatted(part));
  }

  static int part(String domain) {
    int h = domain.hashCode() * 0x9E3779B9;
    return Math.floorMod(h ^ (h >>> 16), PARTS);
  }

  /** Makes the logs that are not there yet. To be called before anything is counted. */
  public void open() {
    List<LogName> all = IntStream.range(0, PARTS).mapToObj(DmarcResults::log).toList();
    Map<LogName, Head> heads = logs.heads(all);
    for (LogName log : all) {
      if (!heads.getOrDefault(log, Head.NONE).exists()) {
        // If another node is faster this conflicts, and the log is there all the same.
        var unused = logs.append(append(log, DmarcEvent.newBuilder()).expecting(Append.Expect.NEW));
      }
    }
  }

  static Append append(LogName log, DmarcEvent.Builder event) {
    return Append.to(log, List.of(Event.of(event.build().toByteString())));
  }

  /**
   * What counts a message, for the round that delivers it: it cannot conflict.
   *
   * @param to its recipients. What goes only to those who report, or take reports, is not counted:
   *     if reports were reported, two servers would never be silent
   * @param key for repeats
   * @return nothing if nobody wants to be told of it
   */
  public Optional<Append> counted(Judged judged, List<String> to, String key) {
    Judged.Published policy = judged.published();
    if (!PLAIN.matcher(policy.domain()).matches()
        || places(policy.reports()).isEmpty()
        || to.stream().map(DmarcResults::lower).allMatch(reporters::contains)) {
      return Optional.empty();
    }
    int part = part(policy.domain());
    gathered(part);
    long day = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).toEpochDay();
    Counted.Builder counted =
        Counted.newBuilder().setDay(day).setPolicy(policy(policy)).setRow(row(judged));
    return Optional.of(append(log(part), DmarcEvent.newBuilder().setCounted(counted)).withKey(key));
  }

  /** What nobody reads for a day must not grow all day. */
  private void gathered(int part) {
    if (gathered.get(part).incrementAndGet() >= GATHERED) {
      gathered.get(part).set(0);
      Thread.ofVirtual()
          .name("dmarc-fold")
          .start(() -> {
            try {
              var unused = tally(part);
            } catch (StoreException e) {
              LOG.atWarn()
                  .addKeyValue("cause", e.getMessage())
                  .log("results of DMARC cannot be folded");
            }
          });
    }
  }

  /** The places among those of a record that reports can go to at all. */
  private static List<String> places(List<String> uris) {
    return uris.stream()
        .limit(MOST_PLACES)
        .filter(uri -> uri.length() <= LONGEST_PLACE)
        .filter(uri -> Place.of(uri).isPresent())
        .toList();
  }

  private static PublishedPolicy policy(Judged.Published policy) {
    return PublishedPolicy.newBuilder()
        .setDomain(policy.domain())
        .setPolicy(policy.policy())
        .setBelow(policy.below())
        .setAbsent(policy.absent())
        .setStrictDkim(policy.strictDkim())
        .setStrictSpf(policy.strictSpf())
        .setTesting(policy.testing())
        .addAllReports(places(policy.reports()))
        .build();
  }

  private static ResultRow row(Judged judged) {
    ResultRow.Builder row =
        ResultRow.newBuilder()
            .setSource(ByteString.copyFrom(judged.client().getAddress()))
            .setDisposition(judged.disposition())
            .setDkimAligned(judged.dkimAligned())
            .setSpfAligned(judged.spfAligned())
            .setHeaderFrom(judged.author())
            .setEnvelopeFrom(name(judged.sender()))
            .setSpfDomain(name(judged.spfDomain()))
            .setSpfResult(judged.spf());
    override(judged.override(), row);
    judged.signatures().stream()
        .filter(each ->
            each.domain().length() <= LONGEST_NAME && each.selector().length() <= LONGEST_NAME)
        .sorted(
            Comparator.comparing((Judged.Signature each) -> !each.result().equals("pass"))
                .thenComparing(each -> !each.domain().equals(judged.author())))
        .limit(MOST_SIGNATURES)
        .forEach(each ->
            row.addSignatures(
                RowSignature.newBuilder()
                    .setDomain(each.domain())
                    .setSelector(each.selector())
                    .setResult(each.result())));
    return row.build();
  }

  /** What a client says to be its name, or its sender's, may be anything. */
  private static String name(String said) {
    String lower = lower(said);
    return PLAIN.matcher(lower).matches() ? lower : "";
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  private static void override(Judged.Override override, ResultRow.Builder row) {
    switch (override) {
      case NONE -> {}
      case SEALED -> row.setOverride("local_policy").setOverrideComment("arc=pass");
      case FORWARDER -> row.setOverride("trusted_forwarder");
      case TESTING -> row.setOverride("policy_test_mode");
      case SAMPLED -> row.setOverride("other").setOverrideComment("spared by pct");
      case UNSURE -> row.setOverride("other").setOverrideComment("DNS did not answer");
      case LOCAL -> row.setOverride("local_policy");
    }
  }

  /**
   * Counts a message that was refused, unless the store does not take it: that must not be what
   * makes it come again. Durable when it returns.
   */
  public void countRefused(Judged judged, List<String> to, String key) {
    try {
      counted(judged, to, key).ifPresent(append -> logs.append(append).orThrow());
    } catch (StoreException e) {
      LOG.atWarn()
          .addKeyValue("domain", judged.published().domain())
          .addKeyValue("cause", e.getMessage())
          .log("a message that was refused is not counted");
    }
  }

  /** What is counted of a part by now. */
  Tally tally(int part) {
    return tallies.current(log(part));
  }
}
