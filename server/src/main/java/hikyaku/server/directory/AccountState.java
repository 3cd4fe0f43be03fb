package hikyaku.server.directory;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.server.directory.proto.AccountCreated;
import hikyaku.server.directory.proto.AccountEvent;
import hikyaku.server.directory.proto.Nothing;
import hikyaku.server.directory.proto.ServicesRecord;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The fold of an account's log.
 *
 * @param seq the last entry folded in
 * @param primary null before the first entry
 * @param created time of the first entry
 * @param quota empty for the domain's
 * @param routing as it says itself
 * @param secretsSince the entry that last changed how the account is authenticated
 */
record AccountState(
    long seq,
    @Nullable Address primary,
    Instant created,
    String displayName,
    Optional<Quota> quota,
    boolean suspended,
    Set<Service> services,
    Routing routing,
    Optional<Credentials.Password> password,
    Optional<Credentials.Sealed> sharedSecret,
    long secretsSince,
    boolean removed) {
  static final AccountState NONE =
      new AccountState(
          0,
          null,
          Instant.EPOCH,
          "",
          Optional.empty(),
          false,
          Set.copyOf(EnumSet.allOf(Service.class)),
          Routing.NONE,
          Optional.empty(),
          Optional.empty(),
          0,
          false);

  /** Whether its own log says so; its address has to say so as well. */
  boolean exists() {
    return primary != null && !removed;
  }

  Account account(String id, Address address, DomainState domain) {
    return new Account(
        id,
        address,
        displayName,
        quota.orElse(domain.settings().quota()),
        suspended || domain.suspended(),
        services,
        routing.over(domain.settings().routing()).effective());
  }

  static AccountState apply(AccountState before, Entry entry)
      throws InvalidProtocolBufferException {
    AccountEvent event = AccountEvent.parseFrom(entry.payload());
    Draft next = new Draft(before, entry.seq());
    switch (event.getEventCase()) {
      case CREATED -> {
        AccountCreated created = event.getCreated();
        next.primary = new Address(created.getLocalPart(), created.getDomain());
        next.created = entry.time();
      }
      case PASSWORD_SET -> {
        next.password = Optional.of(Records.password(event.getPasswordSet()));
        next.secretsSince = entry.seq();
      }
      case PASSWORD_REHASHED ->
          next.password = Optional.of(Records.password(event.getPasswordRehashed()));
      case SHARED_SECRET_SET -> {
        next.sharedSecret = Optional.of(Records.sealed(event.getSharedSecretSet()));
        next.secretsSince = entry.seq();
      }
      case SHARED_SECRET_CLEARED -> {
        next.sharedSecret = Optional.empty();
        next.secretsSince = entry.seq();
      }
      case QUOTA_SET -> next.quota = Optional.of(Records.quota(event.getQuotaSet()));
      case QUOTA_INHERITED -> next.quota = Optional.empty();
      case SUSPENDED -> next.suspended = event.getSuspended();
      case SERVICES_SET ->
          next.services =
              event.getServicesSet().getServicesList().stream()
                  .map(Records::service)
                  .collect(Collectors.toUnmodifiableSet());
      case ROUTED -> next.routing = Records.routing(event.getRouted());
      case DISPLAY_NAME -> next.displayName = event.getDisplayName();
      case REMOVED -> {
        next.password = Optional.empty();
        next.sharedSecret = Optional.empty();
        next.removed = true;
      }
      case EVENT_NOT_SET -> throw Records.unknown();
    }
    return next.state();
  }

  /** A state in the making. */
  private static final class Draft {
    private final long seq;
    private @Nullable Address primary;
    private Instant created;
    private String displayName;
    private Optional<Quota> quota;
    private boolean suspended;
    private Set<Service> services;
    private Routing routing;
    private Optional<Credentials.Password> password;
    private Optional<Credentials.Sealed> sharedSecret;
    private long secretsSince;
    private boolean removed;

    Draft(AccountState from, long seq) {
      this.seq = seq;
      primary = from.primary;
      created = from.created;
      displayName = from.displayName;
      quota = from.quota;
      suspended = from.suspended;
      services = from.services;
      routing = from.routing;
      password = from.password;
      sharedSecret = from.sharedSecret;
      secretsSince = from.secretsSince;
      removed = from.removed;
    }

    AccountState state() {
      return new AccountState(
          seq,
          primary,
          created,
          displayName,
          quota,
          suspended,
          services,
          routing,
          password,
          sharedSecret,
          secretsSince,
          removed);
    }
  }

  static Event created(Address primary) {
    return event(
        AccountEvent.newBuilder()
            .setCreated(
                AccountCreated.newBuilder()
                    .setLocalPart(primary.localPart())
                    .setDomain(primary.domain())));
  }

  static Event passwordSet(Credentials.Password password) {
    return event(AccountEvent.newBuilder().setPasswordSet(Records.record(password)));
  }

  static Event passwordRehashed(Credentials.Password password) {
    return event(AccountEvent.newBuilder().setPasswordRehashed(Records.record(password)));
  }

  static Event sharedSecretSet(Credentials.Sealed secret) {
    return event(AccountEvent.newBuilder().setSharedSecretSet(Records.record(secret)));
  }

  static Event sharedSecretCleared() {
    return event(AccountEvent.newBuilder().setSharedSecretCleared(Nothing.getDefaultInstance()));
  }

  static Event quota(Optional<Quota> quota) {
    AccountEvent.Builder event = AccountEvent.newBuilder();
    quota.ifPresentOrElse(
        own -> event.setQuotaSet(Records.record(own)),
        () -> event.setQuotaInherited(Nothing.getDefaultInstance()));
    return event(event);
  }

  static Event suspended(boolean suspended) {
    return event(AccountEvent.newBuilder().setSuspended(suspended));
  }

  static Event services(Set<Service> services) {
    return event(
        AccountEvent.newBuilder()
            .setServicesSet(
                ServicesRecord.newBuilder()
                    .addAllServices(services.stream().sorted().map(Records::record).toList())));
  }

  static Event routed(Routing routing) {
    return event(AccountEvent.newBuilder().setRouted(Records.record(routing)));
  }

  static Event displayName(String name) {
    return event(AccountEvent.newBuilder().setDisplayName(name));
  }

  static Event removal() {
    return event(AccountEvent.newBuilder().setRemoved(Nothing.getDefaultInstance()));
  }

  private static Event event(AccountEvent.Builder event) {
    return Event.of(event.build().toByteString());
  }
}
