package hikyaku.server.managesieve;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.server.managesieve.proto.SievePositionRecord;
import org.jspecify.annotations.Nullable;

/**
 * Where a session stands between two commands or inside AUTHENTICATE, and its record of {@code
 * sieve_position.proto}.
 *
 * @param errors what was no command
 * @param failedLogins logins refused
 * @param login null before it
 * @param exchange behind a challenge of AUTHENTICATE, where it stands; else empty
 */
record SievePosition(int errors, int failedLogins, @Nullable Login login, ByteString exchange) {

  /**
   * Who is logged in.
   *
   * @param account its id
   * @param epoch of the account's password
   */
  record Login(String account, long epoch) {}

  /** Never empty: that stands for a session in which nothing was said since TLS began. */
  byte[] encode() {
    SievePositionRecord.Builder record =
        SievePositionRecord.newBuilder()
            .setGreeted(true)
            .setErrors(errors)
            .setFailedLogins(failedLogins)
            .setExchange(exchange);
    if (login != null) {
      record.setAccountId(login.account).setEpoch(login.epoch);
    }
    return record.build().toByteArray();
  }

  /**
   * @throws IllegalArgumentException if it is none
   */
  static SievePosition decode(byte[] octets) {
    try {
      SievePositionRecord record = SievePositionRecord.parseFrom(octets);
      return new SievePosition(
          record.getErrors(),
          record.getFailedLogins(),
          record.hasAccountId() ? new Login(record.getAccountId(), record.getEpoch()) : null,
          record.getExchange());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("no position of a ManageSieve session", e);
    }
  }
}
