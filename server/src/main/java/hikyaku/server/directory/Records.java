package hikyaku.server.directory;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.server.directory.proto.DomainSettingsRecord;
import hikyaku.server.directory.proto.PasswordRecord;
import hikyaku.server.directory.proto.QuotaRecord;
import hikyaku.server.directory.proto.RoutingRecord;
import hikyaku.server.directory.proto.ScramRecord;
import hikyaku.server.directory.proto.SealedRecord;
import hikyaku.server.directory.proto.ServiceKind;
import hikyaku.server.directory.proto.WritersKind;
import java.util.Optional;

/** Between our types and their durable records. */
final class Records {
  private Records() {}

  /** What a fold throws at an event of a kind that a later version has added. */
  static InvalidProtocolBufferException unknown() {
    return new InvalidProtocolBufferException("an event of a kind not known to this version");
  }

  /** An address out of a record. */
  static Address storedAddress(String text) {
    return Address.parse(text)
        .orElseThrow(() -> new IllegalArgumentException("a stored address is none"));
  }

  static WritersKind record(Writers writers) {
    return switch (writers) {
      case ANYONE -> WritersKind.WRITERS_KIND_ANYONE;
      case DOMAIN -> WritersKind.WRITERS_KIND_DOMAIN;
      case MEMBERS -> WritersKind.WRITERS_KIND_MEMBERS;
    };
  }

  static Writers writers(WritersKind kind) {
    return switch (kind) {
      case WRITERS_KIND_ANYONE -> Writers.ANYONE;
      case WRITERS_KIND_DOMAIN -> Writers.DOMAIN;
      case WRITERS_KIND_MEMBERS -> Writers.MEMBERS;
      case UNRECOGNIZED -> throw new IllegalArgumentException("writers not known to this version");
    };
  }

  static DomainSettingsRecord record(DomainSettings settings) {
    return DomainSettingsRecord.newBuilder()
        .setCatchAll(settings.catchAll().map(Address::toString).orElse(""))
        .setPostmaster(settings.postmaster().map(Address::toString).orElse(""))
        .setQuota(record(settings.quota()))
        .setSeparators(settings.separators())
        .setRouting(record(settings.routing()))
        .setLanguage(settings.language().map(Language::tag).orElse(""))
        .build();
  }

  static DomainSettings settings(DomainSettingsRecord record) {
    return new DomainSettings(
        optionalAddress(record.getCatchAll()),
        optionalAddress(record.getPostmaster()),
        record.hasQuota() ? quota(record.getQuota()) : Quota.NONE,
        record.getSeparators(),
        routing(record.getRouting()),
        Language.of(record.getLanguage()));
  }

  static RoutingRecord record(Routing routing) {
    return RoutingRecord.newBuilder()
        .setPool(routing.pool())
        .setNode(routing.node())
        .setBackend(routing.backend())
        .build();
  }

  static Routing routing(RoutingRecord record) {
    return new Routing(record.getPool(), record.getNode(), record.getBackend());
  }

  private static Optional<Address> optionalAddress(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(storedAddress(text));
  }

  static QuotaRecord record(Quota quota) {
    return QuotaRecord.newBuilder().setOctets(quota.octets()).setMessages(quota.messages()).build();
  }

  static Quota quota(QuotaRecord record) {
    return new Quota(record.getOctets(), record.getMessages());
  }

  static PasswordRecord record(Credentials.Password password) {
    PasswordRecord.Builder record = PasswordRecord.newBuilder().setPhc(password.phc());
    password
        .scram()
        .ifPresent(scram ->
            record.setScramSha256(
                ScramRecord.newBuilder()
                    .setSalt(scram.salt())
                    .setIterations(scram.iterations())
                    .setStoredKey(scram.storedKey())
                    .setServerKey(scram.serverKey())));
    return record.build();
  }

  static Credentials.Password password(PasswordRecord record) {
    return new Credentials.Password(
        record.getPhc(),
        record.hasScramSha256() ? Optional.of(scram(record.getScramSha256())) : Optional.empty());
  }

  private static Credentials.Scram scram(ScramRecord record) {
    return new Credentials.Scram(
        record.getSalt(), record.getIterations(), record.getStoredKey(), record.getServerKey());
  }

  static SealedRecord record(Credentials.Sealed sealed) {
    return SealedRecord.newBuilder()
        .setNonce(sealed.nonce())
        .setCiphertext(sealed.ciphertext())
        .build();
  }

  static Credentials.Sealed sealed(SealedRecord record) {
    return new Credentials.Sealed(record.getNonce(), record.getCiphertext());
  }

  static ServiceKind record(Service service) {
    return switch (service) {
      case IMAP -> ServiceKind.SERVICE_KIND_IMAP;
      case POP3 -> ServiceKind.SERVICE_KIND_POP3;
      case SUBMISSION -> ServiceKind.SERVICE_KIND_SUBMISSION;
      case MANAGESIEVE -> ServiceKind.SERVICE_KIND_MANAGESIEVE;
      case JMAP -> ServiceKind.SERVICE_KIND_JMAP;
    };
  }

  static Service service(ServiceKind kind) {
    return switch (kind) {
      case SERVICE_KIND_IMAP -> Service.IMAP;
      case SERVICE_KIND_POP3 -> Service.POP3;
      case SERVICE_KIND_SUBMISSION -> Service.SUBMISSION;
      case SERVICE_KIND_MANAGESIEVE -> Service.MANAGESIEVE;
      case SERVICE_KIND_JMAP -> Service.JMAP;
      case SERVICE_KIND_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalArgumentException("a service not known to this version");
    };
  }
}
