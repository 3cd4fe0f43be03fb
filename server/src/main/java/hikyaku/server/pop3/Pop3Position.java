package hikyaku.server.pop3;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.server.pop3.proto.Pop3MaildropRecord;
import hikyaku.server.pop3.proto.Pop3PositionRecord;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a session stands between two commands or inside AUTH, and its record of {@code
 * pop3_position.proto}.
 *
 * @param timestamp of the greeting, as long as APOP may need it; else empty
 * @param user from USER, for PASS
 * @param errors lines that were no command
 * @param failedLogins logins refused
 * @param utf8 whether the client said UTF8
 * @param transaction null before login
 * @param exchange behind a challenge of AUTH, where it stands; else empty
 */
record Pop3Position(
    String timestamp,
    @Nullable String user,
    int errors,
    int failedLogins,
    boolean utf8,
    @Nullable Transaction transaction,
    ByteString exchange) {
  /** Numbers that runs may take whatever bits would. */
  private static final int FEW_RUNS = 1_000;

  /**
   * What a login opened.
   *
   * @param epoch of the account's password
   * @param folder the folder that was INBOX
   * @param seq what the session sees of its log
   * @param marked indexes of messages marked as deleted
   */
  record Transaction(
      String account,
      long epoch,
      long folder,
      long seq,
      BitSet marked,
      int retrieved,
      long retrievedOctets) {}

  byte[] encode() {
    Pop3PositionRecord.Builder record =
        Pop3PositionRecord.newBuilder()
            .setTimestamp(timestamp)
            .setErrors(errors)
            .setFailedLogins(failedLogins)
            .setUtf8(utf8)
            .setExchange(exchange);
    if (user != null) {
      record.setUser(user);
    }
    if (transaction != null) {
      record.setMaildrop(record(transaction));
    }
    return record.build().toByteArray();
  }

  private static Pop3MaildropRecord record(Transaction transaction) {
    Pop3MaildropRecord.Builder record =
        Pop3MaildropRecord.newBuilder()
            .setAccountId(transaction.account)
            .setEpoch(transaction.epoch)
            .setFolder(transaction.folder)
            .setSeq(transaction.seq)
            .setRetrieved(transaction.retrieved)
            .setRetrievedOctets(transaction.retrievedOctets);
    List<Integer> runs = runs(transaction.marked);
    if (runs.size() > Math.max(FEW_RUNS, transaction.marked.length() / Byte.SIZE)) {
      return record.setMarkedBits(ByteString.copyFrom(transaction.marked.toByteArray())).build();
    }
    return record.addAllMarked(runs).build();
  }

  /**
   * @throws IllegalArgumentException if it is none
   */
  static Pop3Position decode(byte[] octets) {
    try {
      Pop3PositionRecord record = Pop3PositionRecord.parseFrom(octets);
      return new Pop3Position(
          record.getTimestamp(),
          record.hasUser() ? record.getUser() : null,
          record.getErrors(),
          record.getFailedLogins(),
          record.getUtf8(),
          record.hasMaildrop() ? transaction(record.getMaildrop()) : null,
          record.getExchange());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("no position of a POP3 session", e);
    }
  }

  private static Transaction transaction(Pop3MaildropRecord record) {
    return new Transaction(
        record.getAccountId(),
        record.getEpoch(),
        record.getFolder(),
        record.getSeq(),
        record.getMarkedBits().isEmpty()
            ? marked(record.getMarkedList())
            : BitSet.valueOf(record.getMarkedBits().toByteArray()),
        record.getRetrieved(),
        record.getRetrievedOctets());
  }

  private static List<Integer> runs(BitSet marked) {
    List<Integer> runs = new ArrayList<>();
    int end = 0;
    for (int first = marked.nextSetBit(0); first >= 0; first = marked.nextSetBit(end)) {
      runs.add(first - end);
      end = marked.nextClearBit(first);
      runs.add(end - first);
    }
    return runs;
  }

  private static BitSet marked(List<Integer> runs) {
    BitSet marked = new BitSet();
    int end = 0;
    for (int i = 0; i + 1 < runs.size(); i += 2) {
      int first = end + runs.get(i);
      end = first + runs.get(i + 1);
      marked.set(first, end);
    }
    return marked;
  }
}
