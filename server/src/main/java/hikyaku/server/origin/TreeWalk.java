package hikyaku.server.origin;

import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The DMARC records of a name and of those above it, by which its organizational domain is found
 * without a list of public suffixes. Names with many labels are walked in eight questions at most.
 *
 * @param found by the name that the record is for, from the start upward
 */
record TreeWalk(String start, SequencedMap<String, DmarcRecord> found) {
  private static final int MOST_QUESTIONS = 8;

  static TreeWalk from(String start, Dns dns) throws DnsException {
    SequencedMap<String, DmarcRecord> found = new LinkedHashMap<>();
    String name = start;
    for (int labels = DomainName.labels(start); labels > 0; labels = DomainName.labels(name)) {
      List<String> texts = dns.txt("_dmarc." + name).orElse(List.of());
      Optional<DmarcRecord> record = DmarcRecord.of(texts);
      if (record.isPresent()) {
        found.put(name, record.get());
        if (record.get().suffix().isPresent()) {
          break;
        }
      }
      if (labels == 1) {
        break;
      }
      name = DomainName.last(name, Math.min(labels - 1, MOST_QUESTIONS - 1));
    }
    return new TreeWalk(start, found);
  }

  /** The name under which all those stand that belong together. */
  String organization() {
    String top = start;
    for (Map.Entry<String, DmarcRecord> each : found.entrySet()) {
      Optional<Boolean> suffix = each.getValue().suffix();
      if (suffix.isPresent() && !suffix.get()) {
        return each.getKey();
      }
      if (suffix.isPresent() && !each.getKey().equals(start)) {
        return DomainName.last(start, DomainName.labels(each.getKey()) + 1);
      }
      top = each.getKey();
    }
    return top;
  }

  /**
   * The record that a policy is taken from.
   *
   * @param domain whose it is
   * @param own whether it is that of the name itself
   */
  record Applied(DmarcRecord record, String domain, boolean own) {}

  /** That of the name, or of its organization, or of the suffix that is above this. */
  Optional<Applied> applied() {
    DmarcRecord own = found.get(start);
    if (own != null) {
      return Optional.of(new Applied(own, start, true));
    }
    if (found.isEmpty()) {
      return Optional.empty();
    }
    String organization = organization();
    DmarcRecord above = found.get(organization);
    return Optional.of(
        above == null
            ? new Applied(found.lastEntry().getValue(), found.lastEntry().getKey(), false)
            : new Applied(above, organization, false));
  }
}
