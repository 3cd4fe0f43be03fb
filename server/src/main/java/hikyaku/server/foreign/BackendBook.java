package hikyaku.server.foreign;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.directory.Credentials;
import hikyaku.server.foreign.proto.BackendEvent;
import hikyaku.server.foreign.proto.BackendRecord;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The foreign servers as the store has them, the same for all nodes. Every method but {@link
 * #known} may throw {@link StoreException}. Safe for use by many threads.
 */
public final class BackendBook {
  /** Foreign servers that there may be. Every node has all of them in memory. */
  public static final int MOST = 1000;

  private static final Logger LOG = LoggerFactory.getLogger(BackendBook.class);
  static final LogName NAME = new LogName("cluster/backends");
  private static final int PAGE = 500;

  private final LogStore logs;
  private final Map<String, Backend> backends = new TreeMap<>();
  private long seq;
  private volatile List<Backend> known = List.of();

  public BackendBook(LogStore logs) {
    this.logs = logs;
  }

  /** As they were when they were last looked at, by name. */
  public List<Backend> known() {
    return known;
  }

  /** All of them, by name. */
  public synchronized List<Backend> backends() {
    look();
    return known;
  }

  public synchronized Optional<Backend> backend(String name) {
    look();
    return Optional.ofNullable(backends.get(name));
  }

  private void look() {
    long head = logs.head(NAME).seq();
    if (head < seq) {
      // The log was dropped and made anew.
      backends.clear();
      seq = 0;
    }
    while (seq < head) {
      List<Entry> page = logs.read(NAME, seq, head, PAGE);
      if (page.isEmpty()) {
        throw new StoreException.Corrupt("log " + NAME + " has a gap behind " + seq, null);
      }
      for (Entry entry : page) {
        apply(entry);
        seq = entry.seq();
      }
    }
    known = List.copyOf(backends.values());
  }

  private void apply(Entry entry) {
    BackendEvent event;
    try {
      event = BackendEvent.parseFrom(entry.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(
          "entry " + entry.seq() + " of log " + NAME + " makes no sense", e);
    }
    switch (event.getEventCase()) {
      case SET -> put(event.getSet());
      case REMOVED -> backends.remove(event.getRemoved());
      case EVENT_NOT_SET -> {
        // Of a later version.
      }
    }
  }

  private void put(BackendRecord record) {
    try {
      backends.put(record.getName(), backend(record));
    } catch (IllegalArgumentException e) {
      // Of a later version: its accounts are told that it is not available.
      backends.remove(record.getName());
      LOG.atWarn()
          .addKeyValue("backend", record.getName())
          .addKeyValue("cause", e.getMessage())
          .log("a foreign server is not understood");
    }
  }

  private static Backend backend(BackendRecord record) {
    return new Backend(
        record.getName(),
        endpoint(Endpoint.Protocol.IMAP, record.getImap()),
        endpoint(Endpoint.Protocol.POP3, record.getPop3()),
        record.getUnchecked(),
        record.getCertificate(),
        record.getProxy(),
        record.getLocalPart(),
        record.getMaster(),
        record.getMaster().isEmpty()
            ? Optional.empty()
            : Optional.of(
                new Credentials.Sealed(record.getMasterNonce(), record.getMasterCiphertext())));
  }

  private static Optional<Endpoint> endpoint(Endpoint.Protocol protocol, String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(Endpoint.parse(protocol, text));
  }

  /**
   * Sets what is known of a foreign server. Durable when it returns.
   *
   * @throws IllegalArgumentException with a sentence for the operator, if there are too many
   */
  public synchronized void set(Backend backend) {
    look();
    if (backends.size() >= MOST && !backends.containsKey(backend.name())) {
      throw new IllegalArgumentException("there are " + MOST + " foreign servers already");
    }
    BackendRecord.Builder record =
        BackendRecord.newBuilder()
            .setName(backend.name())
            .setImap(backend.imap().map(Endpoint::toString).orElse(""))
            .setPop3(backend.pop3().map(Endpoint::toString).orElse(""))
            .setUnchecked(backend.unchecked())
            .setCertificate(backend.certificate())
            .setProxy(backend.proxy())
            .setLocalPart(backend.localPart())
            .setMaster(backend.master());
    backend
        .masterPassword()
        .ifPresent(sealed ->
            record.setMasterNonce(sealed.nonce()).setMasterCiphertext(sealed.ciphertext()));
    append(BackendEvent.newBuilder().setSet(record).build());
  }

  /** Forgets a foreign server; says whether it was known. Durable when it returns. */
  public synchronized boolean remove(String name) {
    look();
    boolean there = backends.containsKey(name);
    if (there) {
      append(BackendEvent.newBuilder().setRemoved(name).build());
    }
    return there;
  }

  private void append(BackendEvent event) {
    LogStore.appendOrBegin(logs, Append.to(NAME, List.of(Event.of(event.toByteString()))));
    look();
  }

  /** Calls when the store hints that they have changed. */
  public LogStore.Registration hints(Runnable changed) {
    return logs.hints(log -> {
      if (log.equals(NAME)) {
        changed.run();
      }
    });
  }
}
