package hikyaku.server.dmarc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import hikyaku.protocol.mime.MimeParser;
import hikyaku.protocol.mime.MimePart;
import hikyaku.protocol.mime.TransferDecoder;
import hikyaku.server.dmarc.proto.Arrived;
import hikyaku.server.dmarc.proto.ReceivedReport;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes in the reports that others send: a message for the address is noted in the round that
 * delivers it, and read afterwards, so that nothing in it can hold a client up. Safe for use by
 * many threads.
 */
public final class ReportInbox {
  private static final Logger LOG = LoggerFactory.getLogger(ReportInbox.class);
  private static final LogName INBOX = new LogName("dmarc-inbox");
  private static final int PAGE = 50;

  /** Octets of a message that is looked at, and of a report as it comes. */
  static final int MOST_OCTETS = 10 << 20;

  /** Parts of a message that may be the report. */
  private static final int MOST_PARTS = 20;

  private final String address;
  private final Duration keep;
  private final MailStore mail;
  private final ReceivedReports received;
  private final UnaryOperator<String> ours;
  private final MeterRegistry meters;

  /** One thread reads; who finds it at work leaves it to it, or to the next time. */
  private final ReentrantLock reading = new ReentrantLock();

  /**
   * @param address that reports come to
   * @param keep how long they are kept
   * @param ours the domain of this service that a domain is, or is below; empty for none
   */
  public ReportInbox(
      String address,
      Duration keep,
      MailStore mail,
      ReceivedReports received,
      UnaryOperator<String> ours,
      MeterRegistry meters) {
    this.address = address;
    this.keep = keep;
    this.mail = mail;
    this.received = received;
    this.ours = ours;
    this.meters = meters;
  }

  /** Makes the log if it is not there yet. To be called before anything comes. */
  public void open() {
    if (!logs().head(INBOX).exists()) {
      // If another node is faster this conflicts, and the log is there all the same.
      var unused =
          logs()
              .append(
                  Append.to(INBOX, List.of(Event.of(ByteString.EMPTY)))
                      .expecting(Append.Expect.NEW));
    }
  }

  private LogStore logs() {
    return mail.store().logs();
  }

  /**
   * What notes a message, for the round that delivers it: it cannot conflict.
   *
   * @param to its recipients
   * @param author the domain that it was found to be from; empty if nobody looked
   * @param key for repeats
   * @return nothing if it is not for the address
   */
  public Optional<Append> arrived(List<String> to, Blob blob, String author, String key) {
    if (to.stream().noneMatch(address::equalsIgnoreCase)) {
      return Optional.empty();
    }
    Arrived arrived = Arrived.newBuilder().setAuthor(author).setOctets(blob.size()).build();
    Event event = new Event(arrived.toByteString(), 0, Tally.ZERO, List.of(blob.id()));
    return Optional.of(Append.to(INBOX, List.of(event)).withKey(key));
  }

  /** To be called once a message is delivered: what came is read soon. */
  public void look() {
    Thread.ofVirtual()
        .name("dmarc-inbox")
        .start(() -> {
          try {
            var unused = read();
          } catch (StoreException e) {
            LOG.atWarn()
                .addKeyValue("cause", e.getMessage())
                .log("reports of DMARC cannot be read yet");
          }
        });
  }

  /** Reads what has come, and drops what is old. */
  public long tidy(Instant now) {
    received.expire(now.minus(keep));
    return read();
  }

  /**
   * Reads what has come.
   *
   * @return how many messages
   */
  long read() {
    if (!reading.tryLock()) {
      return 0;
    }
    try {
      long done = 0;
      List<Entry> page;
      do {
        long past = logs().snapshot(INBOX).map(Snapshot::seq).orElse(0L);
        page = logs().read(INBOX, past, Long.MAX_VALUE, PAGE);
        for (Entry entry : page) {
          done += entry.blobs().isEmpty() ? 0 : 1;
          read(entry);
        }
        if (!page.isEmpty()) {
          logs().saveSnapshot(INBOX, new Snapshot(page.getLast().seq(), ByteString.EMPTY));
          logs().compact(INBOX, page.stream().mapToLong(Entry::seq).toArray());
        }
      } while (page.size() == PAGE);
      return done;
    } finally {
      reading.unlock();
    }
  }

  private void read(Entry entry) {
    for (BlobId blob : entry.blobs()) {
      try {
        Arrived arrived = Arrived.parseFrom(entry.payload());
        Optional<ReceivedReport> report =
            arrived.getOctets() > MOST_OCTETS ? Optional.empty() : report(blob);
        told(report.map(each -> keep(each, arrived, entry)).orElse("unreadable"));
      } catch (InvalidProtocolBufferException e) {
        throw new StoreException.Corrupt("entry " + entry.seq() + " is no arrival", e);
      } catch (IOException e) {
        throw new IllegalStateException(e); // what it is written to is memory
      }
    }
  }

  private String keep(ReceivedReport report, Arrived arrived, Entry entry) {
    String domain = ours.apply(report.getDomain());
    if (domain.isEmpty()) {
      return "foreign";
    }
    received.keep(
        domain,
        report.toBuilder()
            .setAuthor(arrived.getAuthor())
            .setCame(entry.time().toEpochMilli())
            .build());
    LOG.atInfo()
        .addKeyValue("domain", domain)
        .addKeyValue("author", arrived.getAuthor())
        .log("a report of DMARC was read");
    return "read";
  }

  private void told(String result) {
    meters.counter("hikyaku.dmarc.received", "result", result).increment();
  }

  private Optional<ReceivedReport> report(BlobId id) throws IOException {
    try (BlobReader blob = mail.store().blobs().open(id)) {
      MimeParser parser = new MimeParser();
      blob.copy(0, blob.size(), parser);
      int[] left = {MOST_PARTS};
      return report(parser.finish().root(), blob, left);
    }
  }

  /** The first that is one, among the parts of a message. */
  private static Optional<ReceivedReport> report(MimePart part, BlobReader blob, int[] left)
      throws IOException {
    if (!part.isMultipart()) {
      if (left[0]-- <= 0 || part.isMessage()) {
        return Optional.empty();
      }
      ByteArrayOutputStream octets = new ByteArrayOutputStream();
      TransferDecoder decoder = TransferDecoder.of(part.encoding(), octets::write);
      blob.copy(part.bodyStart(), part.bodyEnd(), decoder);
      decoder.finish();
      return ForeignReport.read(octets.toByteArray());
    }
    for (MimePart child : part.children()) {
      Optional<ReceivedReport> found = report(child, blob, left);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }
}
