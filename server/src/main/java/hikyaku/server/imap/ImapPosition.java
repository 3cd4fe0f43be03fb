package hikyaku.server.imap;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.account.Rights;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.Positions;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Command.ListReturn;
import hikyaku.protocol.imap.Command.ListSelection;
import hikyaku.protocol.imap.Command.StatusItem;
import hikyaku.protocol.imap.Remembered;
import hikyaku.server.auth.SaslExchange;
import hikyaku.server.imap.SessionState.Extension;
import hikyaku.server.imap.proto.ImapCommandRecord;
import hikyaku.server.imap.proto.ImapContextRecord;
import hikyaku.server.imap.proto.ImapExchangeRecord;
import hikyaku.server.imap.proto.ImapListRecord;
import hikyaku.server.imap.proto.ImapLoginRecord;
import hikyaku.server.imap.proto.ImapMultiSearchRecord;
import hikyaku.server.imap.proto.ImapNotifyRecord;
import hikyaku.server.imap.proto.ImapPositionRecord;
import hikyaku.server.imap.proto.ImapSelectedRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where a session stands between two commands, or inside one that lasts, and its record of {@code
 * imap_position.proto}.
 *
 * @param errors commands that were none, since the last OK
 * @param failedLogins logins refused
 * @param login null before login
 * @param selected null without a selected mailbox
 * @param notified what NOTIFY asked for, and what was told of it; null without
 * @param inside the command that goes on; null between commands
 */
record ImapPosition(
    int errors,
    int failedLogins,
    @Nullable Login login,
    @Nullable InMailbox selected,
    Notifying.@Nullable State notified,
    @Nullable Inside inside) {

  /** A command of which a part is settled. */
  sealed interface Inside {}

  /** NOTIFY, in force and to be completed with this tag. */
  record InNotify(String tag) implements Inside {}

  /** Between two commands, where news of the selected mailbox are told. */
  record InNews() implements Inside {}

  /** IDLE, to be completed with this tag. */
  record InIdle(String tag) implements Inside {}

  /**
   * AUTHENTICATE behind a challenge.
   *
   * @param tag to complete it with
   * @param exchange where it stands, by {@link SaslExchange#state()}
   */
  record InExchange(String tag, ByteString exchange) implements Inside {}

  /**
   * LIST of many folders.
   *
   * @param tag to complete it with
   * @param tree the sequence of the log of folders that is told
   * @param told the last name that was told
   */
  record InList(String tag, Command.ListMailboxes command, long tree, String told)
      implements Inside {}

  /**
   * ESEARCH of many mailboxes.
   *
   * @param tag to complete it with
   * @param tree the sequence of the log of folders that it goes by
   * @param told the last name that was searched
   */
  record InMultiSearch(String tag, Remembered command, long tree, String told) implements Inside {}

  /** Who is logged in, by the account's id and the epoch of its password. */
  record Login(String account, long epoch, Set<Extension> enabled) {}

  /**
   * What {@link Selected} remembers, and what the last SEARCH saved.
   *
   * @param owner the id of the account whose folder it is; empty for the session's own
   * @param flagRights by which the client was told what flags it may set in a folder that is not
   *     its own; else none
   */
  record InMailbox(
      String owner,
      long folder,
      boolean readOnly,
      Positions told,
      int keywordsTold,
      UidSet recent,
      UidSet saved,
      List<Context.State> contexts,
      Rights flagRights) {}

  byte[] encode() {
    ImapPositionRecord.Builder record =
        ImapPositionRecord.newBuilder().setErrors(errors).setFailedLogins(failedLogins);
    switch (inside) {
      case InNotify(String tag) -> record.setNotifyTag(tag);
      case InNews() -> record.setInNews(true);
      case InIdle(String tag) -> record.setIdleTag(tag);
      case InExchange(String tag, ByteString exchange) ->
          record.setExchange(ImapExchangeRecord.newBuilder().setTag(tag).setExchange(exchange));
      case InList list -> record.setList(encode(list));
      case InMultiSearch(String tag, Remembered command, long tree, String told) ->
          record.setMultiSearch(
              ImapMultiSearchRecord.newBuilder()
                  .setTag(tag)
                  .setCommand(encode(command))
                  .setTree(tree)
                  .setTold(told));
      case null -> {}
    }
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
              .setOwner(selected.owner)
              .setFolder(selected.folder)
              .setReadOnly(selected.readOnly)
              .setAppendsTold(selected.told.appends())
              .setExpungesTold(selected.told.expunges())
              .setFlagsTold(selected.told.flags())
              .setKeywordsTold(selected.keywordsTold)
              .addAllRecent(distances(selected.recent))
              .addAllSaved(distances(selected.saved))
              .addAllContexts(selected.contexts.stream().map(ImapPosition::encode).toList())
              .setFlagRightsTold(selected.flagRights.bits()));
    }
    if (notified != null) {
      record.setNotify(encode(notified));
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
          record.hasNotify() ? notified(record.getNotify()) : null,
          inside(record));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("no position of an IMAP session", e);
    }
  }

  private static @Nullable Inside inside(ImapPositionRecord record) {
    if (record.hasExchange()) {
      ImapExchangeRecord exchange = record.getExchange();
      return new InExchange(exchange.getTag(), exchange.getExchange());
    }
    if (record.hasList()) {
      return list(record.getList());
    }
    if (record.hasMultiSearch()) {
      ImapMultiSearchRecord search = record.getMultiSearch();
      return new InMultiSearch(
          search.getTag(), remembered(search.getCommand()), search.getTree(), search.getTold());
    }
    if (!record.getNotifyTag().isEmpty()) {
      return new InNotify(record.getNotifyTag());
    }
    if (record.getInNews()) {
      return new InNews();
    }
    return record.getIdleTag().isEmpty() ? null : new InIdle(record.getIdleTag());
  }

  private static ImapNotifyRecord encode(Notifying.State state) {
    ImapNotifyRecord.Builder record = ImapNotifyRecord.newBuilder();
    record.setCommand(encode(state.command()));
    record.setNone(state.none());
    List<String> owners = new ArrayList<>();
    state
        .trees()
        .forEach((owner, seq) -> {
          owners.add(owner);
          record.addOwners(owner).addTrees(seq);
        });
    state
        .mailboxes()
        .forEach((key, told) ->
            record.addMailboxes(
                ImapNotifyRecord.Mailbox.newBuilder()
                    .setOwner(owners.indexOf(key.owner()))
                    .setFolder(key.folder())
                    .setSeq(told.seq())
                    .setUidNext(told.uidNext())
                    .setMessages(told.messages())));
    return record.build();
  }

  private static Notifying.State notified(ImapNotifyRecord record) {
    SequencedMap<String, Long> trees = new LinkedHashMap<>();
    for (int i = 0; i < record.getOwnersCount(); i++) {
      trees.put(record.getOwners(i), record.getTrees(i));
    }
    Map<Notifying.Key, Notifying.Told> mailboxes = new HashMap<>();
    for (ImapNotifyRecord.Mailbox mailbox : record.getMailboxesList()) {
      mailboxes.put(
          new Notifying.Key(record.getOwners(mailbox.getOwner()), mailbox.getFolder()),
          new Notifying.Told(mailbox.getSeq(), mailbox.getUidNext(), mailbox.getMessages()));
    }
    return new Notifying.State(remembered(record.getCommand()), record.getNone(), trees, mailboxes);
  }

  private static ImapContextRecord encode(Context.State context) {
    ImapContextRecord.Builder record =
        ImapContextRecord.newBuilder().setTag(context.tag()).setCommand(encode(context.command()));
    long last = 0;
    for (long uid : context.results()) {
      record.addResults(uid - last);
      last = uid;
    }
    return record.build();
  }

  private static Context.State context(ImapContextRecord record) {
    List<Long> results = new ArrayList<>();
    long last = 0;
    for (long distance : record.getResultsList()) {
      last += distance;
      results.add(last);
    }
    return new Context.State(record.getTag(), remembered(record.getCommand()), results);
  }

  private static ImapCommandRecord encode(Remembered command) {
    return ImapCommandRecord.newBuilder()
        .setOctets(ByteString.copyFrom(command.octets(), StandardCharsets.ISO_8859_1))
        .setUtf8(command.utf8())
        .build();
  }

  private static Remembered remembered(ImapCommandRecord record) {
    return new Remembered(
        record.getOctets().toString(StandardCharsets.ISO_8859_1), record.getUtf8());
  }

  private static ImapListRecord encode(InList list) {
    Command.ListMailboxes command = list.command;
    return ImapListRecord.newBuilder()
        .setTag(list.tag)
        .setExtended(command.extended())
        .addAllSelection(names(command.selection()))
        .setReference(command.reference())
        .addAllPatterns(command.patterns())
        .addAllReturns(names(command.returns()))
        .addAllStatus(names(command.status()))
        .addAllMetadata(command.metadata())
        .setTree(list.tree)
        .setTold(list.told)
        .build();
  }

  private static List<String> names(Set<? extends Enum<?>> options) {
    return options.stream().map(Enum::name).toList();
  }

  private static InList list(ImapListRecord record) {
    Command.ListMailboxes command =
        new Command.ListMailboxes(
            record.getExtended(),
            named(record.getSelectionList(), ListSelection::valueOf),
            record.getReference(),
            record.getPatternsList(),
            named(record.getReturnsList(), ListReturn::valueOf),
            named(record.getStatusList(), StatusItem::valueOf),
            record.getMetadataList());
    return new InList(record.getTag(), command, record.getTree(), record.getTold());
  }

  private static <E> Set<E> named(List<String> names, Function<String, E> option) {
    return names.stream().map(option).collect(Collectors.toSet());
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
      case UIDONLY -> 16;
    };
  }

  private static InMailbox selected(ImapSelectedRecord record) {
    return new InMailbox(
        record.getOwner(),
        record.getFolder(),
        record.getReadOnly(),
        new Positions(record.getAppendsTold(), record.getExpungesTold(), record.getFlagsTold()),
        record.getKeywordsTold(),
        uids(record.getRecentList()),
        uids(record.getSavedList()),
        record.getContextsList().stream().map(ImapPosition::context).toList(),
        new Rights(record.getFlagRightsTold()));
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
