package hikyaku.server.cluster;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.cluster.proto.SettingsEvent;
import java.util.List;
import java.util.Optional;

/**
 * Which key all nodes on a store must have. The store knows its fingerprint only: whoever reads the
 * store cannot read the secrets kept in it.
 */
public final class KeyAgreement {
  static final LogName LOG = new LogName("cluster/settings");
  private static final int PAGE = 100;

  private final LogStore logs;

  public KeyAgreement(LogStore logs) {
    this.logs = logs;
  }

  /** The fingerprint that was agreed on; empty in a store that had no node yet. */
  public Optional<String> fingerprint() {
    Head head = logs.head(LOG);
    Optional<String> fingerprint = Optional.empty();
    long seq = 0;
    while (seq < head.seq()) {
      List<Entry> page = logs.read(LOG, seq, head.seq(), PAGE);
      if (page.isEmpty()) {
        throw new StoreException.Corrupt("log " + LOG + " ends before its head", null);
      }
      for (Entry entry : page) {
        SettingsEvent event = parse(entry);
        if (event.hasKeyFingerprint()) {
          fingerprint = Optional.of(event.getKeyFingerprint());
        }
        seq = entry.seq();
      }
    }
    return fingerprint;
  }

  /** Proposes a fingerprint; the first one proposed is agreed on, and given back to all. */
  public String propose(String fingerprint) {
    Optional<String> agreed = fingerprint();
    if (agreed.isPresent()) {
      return agreed.get();
    }
    Append append = new Append(LOG, List.of(event(fingerprint)), Append.Expect.NEW, null);
    return logs.append(append) instanceof Appended ? fingerprint : fingerprint().orElseThrow();
  }

  /** Has the nodes that start from now on need another key. */
  public void replace(String fingerprint) {
    propose(fingerprint);
    logs.append(Append.to(LOG, List.of(event(fingerprint)))).orThrow();
  }

  private static Event event(String fingerprint) {
    return Event.of(
        SettingsEvent.newBuilder().setKeyFingerprint(fingerprint).build().toByteString());
  }

  private static SettingsEvent parse(Entry entry) {
    try {
      return SettingsEvent.parseFrom(entry.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(
          "entry " + entry.seq() + " of log " + LOG + " makes no sense", e);
    }
  }
}
