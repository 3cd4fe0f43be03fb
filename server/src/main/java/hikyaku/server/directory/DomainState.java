package hikyaku.server.directory;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.server.directory.proto.DomainAdmin;
import hikyaku.server.directory.proto.DomainEvent;
import hikyaku.server.directory.proto.Nothing;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/**
 * The fold of a domain's log.
 *
 * @param exists false before it was made and after it was removed
 * @param closing whether it is being removed and takes no new address
 * @param moved time of the last entry
 */
record DomainState(
    boolean exists,
    DomainSettings settings,
    boolean suspended,
    List<String> admins,
    boolean closing,
    Instant moved) {
  static final DomainState NONE =
      new DomainState(false, DomainSettings.DEFAULTS, false, List.of(), false, Instant.EPOCH);

  /** Whether an address may be made in it. */
  boolean open() {
    return exists && !closing;
  }

  Domain domain(String name) {
    return new Domain(name, settings, suspended, admins);
  }

  static DomainState apply(DomainState before, Entry entry) throws InvalidProtocolBufferException {
    DomainEvent event = DomainEvent.parseFrom(entry.payload());
    Instant now = entry.time();
    return switch (event.getEventCase()) {
      case CREATED ->
          new DomainState(true, Records.settings(event.getCreated()), false, List.of(), false, now);
      case SETTINGS_CHANGED ->
          new DomainState(
              before.exists,
              Records.settings(event.getSettingsChanged()),
              before.suspended,
              before.admins,
              before.closing,
              now);
      case SUSPENDED ->
          new DomainState(
              before.exists,
              before.settings,
              event.getSuspended(),
              before.admins,
              before.closing,
              now);
      case ADMIN ->
          new DomainState(
              before.exists,
              before.settings,
              before.suspended,
              with(before.admins, event.getAdmin()),
              before.closing,
              now);
      case CLOSING ->
          new DomainState(
              before.exists,
              before.settings,
              before.suspended,
              before.admins,
              event.getClosing(),
              now);
      case REMOVED -> NONE;
      case EVENT_NOT_SET -> throw Records.unknown();
    };
  }

  private static List<String> with(List<String> admins, DomainAdmin change) {
    SequencedSet<String> ids = new LinkedHashSet<>(admins);
    if (change.getNamed()) {
      ids.add(change.getAccountId());
    } else {
      ids.remove(change.getAccountId());
    }
    return List.copyOf(ids);
  }

  static Event created(DomainSettings settings) {
    return event(DomainEvent.newBuilder().setCreated(Records.record(settings)));
  }

  static Event settingsChanged(DomainSettings settings) {
    return event(DomainEvent.newBuilder().setSettingsChanged(Records.record(settings)));
  }

  static Event suspended(boolean suspended) {
    return event(DomainEvent.newBuilder().setSuspended(suspended));
  }

  static Event admin(String accountId, boolean named) {
    return event(
        DomainEvent.newBuilder()
            .setAdmin(DomainAdmin.newBuilder().setAccountId(accountId).setNamed(named)));
  }

  static Event closing(boolean closing) {
    return event(DomainEvent.newBuilder().setClosing(closing));
  }

  static Event removal() {
    return event(DomainEvent.newBuilder().setRemoved(Nothing.getDefaultInstance()));
  }

  private static Event event(DomainEvent.Builder event) {
    return Event.of(event.build().toByteString());
  }
}
