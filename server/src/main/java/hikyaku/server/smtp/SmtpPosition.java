package hikyaku.server.smtp;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.server.smtp.proto.SmtpHelloRecord;
import hikyaku.server.smtp.proto.SmtpPositionRecord;
import org.jspecify.annotations.Nullable;

/**
 * Where a session stands while no transaction is open, and its record of {@code
 * smtp_position.proto}.
 *
 * @param hello null before the client has introduced itself
 * @param account the id of who is logged in; empty for nobody
 * @param epoch of the account's password
 * @param transactionsBegun how many there were
 * @param counts what the client has done wrong
 * @param exchange behind a challenge of AUTH, where it stands; else empty
 */
record SmtpPosition(
    @Nullable Hello hello,
    String account,
    long epoch,
    int transactionsBegun,
    ErrorBudget.Counts counts,
    ByteString exchange) {

  byte[] encode() {
    SmtpPositionRecord.Builder record =
        SmtpPositionRecord.newBuilder()
            .setAccountId(account)
            .setEpoch(epoch)
            .setTransactionsBegun(transactionsBegun)
            .setBadCommands(counts.badCommands())
            .setUnknownRecipients(counts.unknownRecipients())
            .setIdleCommands(counts.idleCommands())
            .setRefusals(counts.refusals())
            .setFollowing(counts.following())
            .setExchange(exchange);
    if (hello != null) {
      record.setHello(
          SmtpHelloRecord.newBuilder().setName(hello.name()).setExtended(hello.extended()));
    }
    return record.build().toByteArray();
  }

  /**
   * @throws IllegalArgumentException if it is none
   */
  static SmtpPosition decode(byte[] octets) {
    try {
      SmtpPositionRecord record = SmtpPositionRecord.parseFrom(octets);
      return new SmtpPosition(
          record.hasHello()
              ? new Hello(record.getHello().getName(), record.getHello().getExtended())
              : null,
          record.getAccountId(),
          record.getEpoch(),
          record.getTransactionsBegun(),
          new ErrorBudget.Counts(
              record.getBadCommands(),
              record.getUnknownRecipients(),
              record.getIdleCommands(),
              record.getRefusals(),
              record.getFollowing()),
          record.getExchange());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("no position of an SMTP session", e);
    }
  }
}
