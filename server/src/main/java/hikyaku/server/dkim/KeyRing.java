package hikyaku.server.dkim;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.server.directory.Credentials;
import hikyaku.server.dkim.proto.DkimAlgorithm;
import hikyaku.server.dkim.proto.DkimEvent;
import hikyaku.server.dkim.proto.DkimForgotten;
import hikyaku.server.dkim.proto.DkimKeyMoved;
import hikyaku.server.dkim.proto.DkimKeyRecord;
import hikyaku.server.dkim.proto.DkimKeyRecords;
import hikyaku.server.dkim.proto.DkimKeyState;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The fold of a domain's log.
 *
 * @param seq the last entry folded in; 0 if there is no log
 * @param keys by selector, in the order in which they came
 */
record KeyRing(String domain, long seq, SequencedMap<String, DkimKey> keys) {
  KeyRing {
    keys = new LinkedHashMap<>(keys);
  }

  static KeyRing none(String domain) {
    return new KeyRing(domain, 0, new LinkedHashMap<>());
  }

  /** The one that signs by this algorithm. */
  Optional<DkimKey> active(Algorithm algorithm) {
    return keys.values().stream()
        .filter(key -> key.state() == DkimKey.State.ACTIVE && key.algorithm() == algorithm)
        .findFirst();
  }

  // ---- reading

  static KeyRing of(String domain, Snapshot snapshot) throws InvalidProtocolBufferException {
    KeyRing ring = new KeyRing(domain, snapshot.seq(), new LinkedHashMap<>());
    for (DkimKeyRecord record : DkimKeyRecords.parseFrom(snapshot.state()).getKeysList()) {
      ring.keys.put(
          record.getSelector(),
          ring.key(
              record,
              state(record.getState()),
              Instant.ofEpochMilli(record.getMadeMillis()),
              Instant.ofEpochMilli(record.getSinceMillis())));
    }
    return ring;
  }

  KeyRing with(Entry entry) throws InvalidProtocolBufferException {
    KeyRing next = new KeyRing(domain, entry.seq(), keys);
    DkimEvent event = DkimEvent.parseFrom(entry.payload());
    switch (event.getEventCase()) {
      case ADDED -> {
        DkimKeyRecord added = event.getAdded();
        next.keys.put(
            added.getSelector(), key(added, DkimKey.State.NEW, entry.time(), entry.time()));
      }
      case MOVED -> {
        DkimKeyMoved moved = event.getMoved();
        next.keys.computeIfPresent(
            moved.getSelector(), (_, key) -> key.in(state(moved.getState()), entry.time()));
      }
      case DELETED -> next.keys.remove(event.getDeleted());
      case FORGOTTEN -> next.keys.clear();
      case EVENT_NOT_SET ->
          throw new InvalidProtocolBufferException("an event of a kind not known to this version");
    }
    return next;
  }

  private DkimKey key(DkimKeyRecord record, DkimKey.State state, Instant made, Instant since) {
    return new DkimKey(
        domain,
        record.getSelector(),
        switch (record.getAlgorithm()) {
          case DKIM_ALGORITHM_RSA_SHA256 -> Algorithm.RSA;
          case DKIM_ALGORITHM_ED25519_SHA256 -> Algorithm.ED25519;
          case DKIM_ALGORITHM_UNSPECIFIED, UNRECOGNIZED ->
              throw new IllegalArgumentException("an algorithm not known to this version");
        },
        state,
        record.getPublicKey(),
        new Credentials.Sealed(record.getNonce(), record.getCiphertext()),
        record.getImported(),
        made,
        since);
  }

  private static DkimKey.State state(DkimKeyState state) {
    return switch (state) {
      case DKIM_KEY_STATE_NEW -> DkimKey.State.NEW;
      case DKIM_KEY_STATE_ACTIVE -> DkimKey.State.ACTIVE;
      case DKIM_KEY_STATE_RETIRED -> DkimKey.State.RETIRED;
      case DKIM_KEY_STATE_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalArgumentException("a state not known to this version");
    };
  }

  // ---- writing

  ByteString snapshot() {
    DkimKeyRecords.Builder all = DkimKeyRecords.newBuilder();
    for (Map.Entry<String, DkimKey> each : keys.entrySet()) {
      DkimKey key = each.getValue();
      all.addKeys(
          record(key)
              .setState(state(key.state()))
              .setMadeMillis(key.made().toEpochMilli())
              .setSinceMillis(key.since().toEpochMilli()));
    }
    return all.build().toByteString();
  }

  private static DkimKeyState state(DkimKey.State state) {
    return switch (state) {
      case NEW -> DkimKeyState.DKIM_KEY_STATE_NEW;
      case ACTIVE -> DkimKeyState.DKIM_KEY_STATE_ACTIVE;
      case RETIRED -> DkimKeyState.DKIM_KEY_STATE_RETIRED;
    };
  }

  private static DkimKeyRecord.Builder record(DkimKey key) {
    return DkimKeyRecord.newBuilder()
        .setSelector(key.selector())
        .setAlgorithm(
            switch (key.algorithm()) {
              case RSA -> DkimAlgorithm.DKIM_ALGORITHM_RSA_SHA256;
              case ED25519 -> DkimAlgorithm.DKIM_ALGORITHM_ED25519_SHA256;
            })
        .setPublicKey(key.publicKey())
        .setNonce(key.sealed().nonce())
        .setCiphertext(key.sealed().ciphertext())
        .setImported(key.imported());
  }

  static Event added(DkimKey key) {
    return event(DkimEvent.newBuilder().setAdded(record(key)));
  }

  static Event moved(String selector, DkimKey.State state) {
    return event(
        DkimEvent.newBuilder()
            .setMoved(DkimKeyMoved.newBuilder().setSelector(selector).setState(state(state))));
  }

  static Event deleted(String selector) {
    return event(DkimEvent.newBuilder().setDeleted(selector));
  }

  static Event forgotten() {
    return event(DkimEvent.newBuilder().setForgotten(DkimForgotten.getDefaultInstance()));
  }

  private static Event event(DkimEvent.Builder event) {
    return Event.of(event.build().toByteString());
  }
}
