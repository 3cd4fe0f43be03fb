package hikyaku.server.imap;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.Positions;
import hikyaku.server.imap.SessionState.Extension;
import hikyaku.server.imap.proto.ImapLoginRecord;
import hikyaku.server.imap.proto.ImapPositionRecord;
import hikyaku.server.imap.proto.ImapSelectedRecord;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a session stands between two commands, and its record of {@code imap_position.proto}.
 *
 * @param errors commands that were none, since the last OK
 * @param failedLogins logins refused
 * @param login null before login
 * @param selected null without a selected mailbox
 * @param idleTag in IDLE, the tag of its completion; else empty
 */
record ImapPosition(
    int errors,
    int failedLogins,
    @Nullable Login login,
    @Nullable InMailbox selected,
    String idleTag) {

  /** Who is logged in, by the account's id and the epoch of its password. */
  record Login(String account, long epoch, Set<Extension> enabled) {}

  /** What {@link Selected} remembers, and what the last SEARCH saved. */
  record InMailbox(
      long folder,
      boolean readOnly,
      Positions told,
      int keywordsTold,
      UidSet recent,
      UidSet saved) {}

  byte[] encode() {
    ImapPositionRecord.Builder record =
        ImapPositionRecord.newBuilder()
            .setErrors(errors)
            .setFailedLogins(failedLogins)
            .setIdleTag(idleTag);
    if (login != null) {
      int bits = login.enabled.stream().mapToInt(ImapPosition::bit).sum();
      record.setLogin(
          ImapLoginRecord.newBuilder()
              .setAccountId(login.account)
              .setEpoch(login.epoch)
              .setEnabled(bits));
    }
    if (selected != null) {
      record.setSelected(
          ImapSelectedRecord.newBuilder()
              .setFolder(selected.folder)
              .setReadOnly(selected.readOnly)
              .setAppendsTold(selected.told.appends())
              .setExpungesTold(selected.told.expunges())
              .setFlagsTold(selected.told.flags())
              .setKeywordsTold(selected.keywordsTold)
              .addAllRecent(distances(selected.recent))
              .addAllSaved(distances(selected.saved)));
    }
    return record.build().toByteArray();
  }

  /**
   * @throws IllegalArgumentException if it is none
   */
  static ImapPosition decode(byte[] octets) {
    try {
      ImapPositionRecord record = ImapPositionRecord.parseFrom(octets);
      return new ImapPosition(
          record.getErrors(),
          record.getFailedLogins(),
          record.hasLogin() ? login(record.getLogin()) : null,
          record.hasSelected() ? selected(record.getSelected()) : null,
          record.getIdleTag());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("no position of an IMAP session", e);
    }
  }

  private static Login login(ImapLoginRecord record) {
    Set<Extension> enabled = EnumSet.noneOf(Extension.class);
    for (Extension extension : Extension.values()) {
      if ((record.getEnabled() & bit(extension)) != 0) {
        enabled.add(extension);
      }
    }
    return new Login(record.getAccountId(), record.getEpoch(), enabled);
  }

  private static int bit(Extension extension) {
    return switch (extension) {
      case CONDSTORE -> 1;
      case QRESYNC -> 2;
      case IMAP4REV2 -> 4;
      case UTF8_ACCEPT -> 8;
    };
  }

  private static InMailbox selected(ImapSelectedRecord record) {
    return new InMailbox(
        record.getFolder(),
        record.getReadOnly(),
        new Positions(record.getAppendsTold(), record.getExpungesTold(), record.getFlagsTold()),
        record.getKeywordsTold(),
        uids(record.getRecentList()),
        uids(record.getSavedList()));
  }

  private static List<Integer> distances(UidSet uids) {
    List<Integer> distances = new ArrayList<>();
    long last = 0;
    for (UidSet.Range range : uids.ranges()) {
      distances.add((int) (range.first() - last));
      distances.add((int) (range.last() - range.first()));
      last = range.last();
    }
    return distances;
  }

  private static UidSet uids(List<Integer> distances) {
    UidSet.Builder uids = new UidSet.Builder();
    long last = 0;
    for (int i = 0; i + 1 < distances.size(); i += 2) {
      long first = last + Integer.toUnsignedLong(distances.get(i));
      last = first + Integer.toUnsignedLong(distances.get(i + 1));
      uids.add(first, last);
    }
    return uids.build();
  }
}
