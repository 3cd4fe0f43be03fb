package hikyaku.server.dmarc;

import hikyaku.server.dmarc.proto.CountedRow;
import hikyaku.server.dmarc.proto.DomainRecord;
import hikyaku.server.dmarc.proto.PublishedPolicy;
import hikyaku.server.dmarc.proto.ResultRow;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** What came in a day under the policy of one domain. Changed by {@link Tally#fold} alone. */
final class DomainTally {
  /** Kinds of results that are kept; messages of more kinds are only counted. */
  static final int MOST_ROWS = 5_000;

  private PublishedPolicy policy;
  private final Map<ResultRow, Long> rows = new LinkedHashMap<>();
  private long missing;
  private final Set<String> sent = new LinkedHashSet<>();
  private boolean finished;

  DomainTally(PublishedPolicy policy) {
    this.policy = policy;
  }

  DomainTally(DomainTally other) {
    policy = other.policy;
    rows.putAll(other.rows);
    missing = other.missing;
    sent.addAll(other.sent);
    finished = other.finished;
  }

  DomainTally(DomainRecord record) {
    this(record.getPolicy());
    record.getRowsList().forEach(row -> rows.put(row.getRow(), row.getMessages()));
    missing = record.getMissing();
    sent.addAll(record.getSentList());
    finished = record.getFinished();
  }

  /** As it was last seen: a report has one policy. */
  PublishedPolicy policy() {
    return policy;
  }

  /** Messages by what they have in common. */
  Map<ResultRow, Long> rows() {
    return rows;
  }

  /** Messages that are in no row, as there were too many. */
  long missing() {
    return missing;
  }

  /** Addresses that have the report. */
  Set<String> sent() {
    return sent;
  }

  boolean finished() {
    return finished;
  }

  /**
   * Counts a message.
   *
   * @param room octets that may be added
   * @return octets that were added
   */
  long count(PublishedPolicy latest, ResultRow row, long room) {
    Long known = rows.get(row);
    long more = latest.getSerializedSize() - (long) policy.getSerializedSize();
    if (more <= room) {
      policy = latest;
    } else {
      more = 0;
    }
    if (known != null) {
      rows.put(row, known + 1);
      return more;
    }
    int octets = row.getSerializedSize();
    if (rows.size() >= MOST_ROWS || more + octets > room) {
      missing++;
      return more;
    }
    rows.put(row, 1L);
    return more + octets;
  }

  /** It was told; what it was told of is needed no more. */
  void finish() {
    finished = true;
    rows.clear();
    sent.clear();
    missing = 0;
  }

  long octets() {
    return policy.getSerializedSize()
        + rows.keySet().stream().mapToLong(ResultRow::getSerializedSize).sum();
  }

  DomainRecord record() {
    DomainRecord.Builder record =
        DomainRecord.newBuilder()
            .setPolicy(policy)
            .setMissing(missing)
            .addAllSent(sent)
            .setFinished(finished);
    rows.forEach((row, messages) ->
        record.addRows(CountedRow.newBuilder().setRow(row).setMessages(messages)));
    return record.build();
  }
}
