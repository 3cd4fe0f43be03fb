package hikyaku.server.directory;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.server.directory.proto.AddressEvent;
import hikyaku.server.directory.proto.AliasTargets;
import hikyaku.server.directory.proto.Nothing;
import java.util.List;

/** The fold of an address's log: its last entry. */
sealed interface AddressState {
  record Free() implements AddressState {}

  record OfAccount(String accountId) implements AddressState {}

  record IsAlias(List<Address> targets, Writers writers) implements AddressState {
    public IsAlias {
      targets = List.copyOf(targets);
    }
  }

  record IsList() implements AddressState {}

  static AddressState apply(AddressState before, Entry entry)
      throws InvalidProtocolBufferException {
    AddressEvent event = AddressEvent.parseFrom(entry.payload());
    return switch (event.getEventCase()) {
      case ACCOUNT_ID -> new OfAccount(event.getAccountId());
      case ALIAS ->
          new IsAlias(
              event.getAlias().getAddressesList().stream().map(Records::storedAddress).toList(),
              Records.writers(event.getAlias().getWriters()));
      case RELEASED -> new Free();
      case LIST -> new IsList();
      case EVENT_NOT_SET -> throw Records.unknown();
    };
  }

  /** The event that leads to this state. */
  default Event event() {
    AddressEvent.Builder event = AddressEvent.newBuilder();
    switch (this) {
      case Free() -> event.setReleased(Nothing.getDefaultInstance());
      case OfAccount(String id) -> event.setAccountId(id);
      case IsList() -> event.setList(Nothing.getDefaultInstance());
      case IsAlias(List<Address> targets, Writers writers) ->
          event.setAlias(
              AliasTargets.newBuilder()
                  .addAllAddresses(targets.stream().map(Address::toString).toList())
                  .setWriters(Records.record(writers)));
    }
    return Event.of(event.build().toByteString());
  }
}
