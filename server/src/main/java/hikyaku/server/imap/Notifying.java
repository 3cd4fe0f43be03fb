package hikyaku.server.imap;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.account.Sharing;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Command.StatusItem;
import hikyaku.protocol.imap.CommandReader;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.FetchItem;
import hikyaku.protocol.imap.ImapLimits;
import hikyaku.protocol.imap.MailboxFilter;
import hikyaku.protocol.imap.NotifyEvent;
import hikyaku.protocol.imap.Remembered;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.imap.Places.Found;
import hikyaku.server.imap.Places.Place;
import hikyaku.server.imap.SessionState.Extension;
import hikyaku.server.net.Wake;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a client wants to be told of at any time (RFC 5465), and how far it has been told: of each
 * account's folders the sequence of their log, of each mailbox where its log stood. So another node
 * tells what is still to be told and nothing twice. Owned by the session's thread.
 */
final class Notifying implements AutoCloseable {
  /** A mailbox by its account's id and its folder's. */
  record Key(String owner, long folder) {
    static Key of(Found found) {
      return new Key(found.place().mail().account(), found.folder().id());
    }

    LogName log() {
      return AccountMail.mailboxLog(owner, folder);
    }
  }

  /** Where a mailbox's log stood when the client was told of it. */
  record Told(long seq, long uidNext, long messages) {
    static Told of(Head head) {
      return new Told(head.seq(), head.nextId(), head.tally().count());
    }
  }

  /** What is wanted of the selected mailbox. */
  record OfSelected(boolean atOnce, boolean messages, boolean flags, List<FetchItem> items) {
    /** As without NOTIFY. */
    static final OfSelected USUAL = new OfSelected(false, true, true, List.of());
  }

  /**
   * What another node needs to know.
   *
   * @param none whether nothing is wanted, whatever the command says
   * @param trees by the id of the account
   */
  record State(
      Remembered command,
      boolean none,
      SequencedMap<String, Long> trees,
      Map<Key, Told> mailboxes) {}

  /** Somebody's folders, as the client knows them. */
  private record Sight(long seq, @Nullable FolderTree tree) {}

  /** A mailbox whose messages are of interest, and perhaps their flags. */
  private record Watched(Found found, boolean flags) {
    LogName log() {
      return AccountMail.mailboxLog(found.place().mail().account(), found.folder().id());
    }
  }

  private final Session session;
  private final Command.Notify command;
  private final SequencedMap<String, Sight> sights = new LinkedHashMap<>();
  private final Map<Key, Told> told = new HashMap<>();
  private final Map<LogName, LogStore.Registration> listening = new HashMap<>();

  /** What the look at hand has to do with. */
  private final Set<LogName> wanted = new HashSet<>();

  private boolean due = true;

  Notifying(Session session, Command.Notify command) {
    this.session = session;
    this.command = command;
  }

  /** One that comes from another node. */
  Notifying(Session session, State from) {
    this(session, command(session, from));
    from.trees().forEach((owner, seq) -> sights.put(owner, new Sight(seq, null)));
    told.putAll(from.mailboxes());
  }

  private static Command.Notify command(Session session, State from) {
    if (from.none()) {
      return new Command.Notify(from.command(), false, List.of());
    }
    return switch (CommandReader.again(from.command(), session.server.settings.limits())) {
      case Command.Notify notify -> notify;
      case Command _ -> throw new IllegalArgumentException("no NOTIFY");
    };
  }

  State state() {
    SequencedMap<String, Long> trees = new LinkedHashMap<>();
    sights.forEach((owner, sight) -> trees.put(owner, sight.seq));
    return new State(command.remembered(), command.groups().isEmpty(), trees, Map.copyOf(told));
  }

  // ---- what is wanted

  OfSelected ofSelected() {
    for (Command.EventGroup group : command.groups()) {
      if (group.filter().ofSelected()) {
        return new OfSelected(
            group.filter().kind() == MailboxFilter.Kind.SELECTED,
            group.has(NotifyEvent.MESSAGE_NEW),
            group.has(NotifyEvent.FLAG_CHANGE),
            group.items());
      }
    }
    return new OfSelected(false, false, false, List.of());
  }

  private boolean isOfOthers() {
    return command.groups().stream().anyMatch(group -> !group.filter().ofSelected());
  }

  /**
   * The groups that count for a mailbox: all that mean it (RFC 5465 §6), up to one that wants NONE
   * of it.
   */
  private Stream<Command.EventGroup> groups(Predicate<MailboxFilter> means) {
    return command.groups().stream()
        .filter(group -> means.test(group.filter()))
        .takeWhile(group -> !group.events().isEmpty());
  }

  private Stream<Command.EventGroup> groups(Visible visible, String name) {
    return groups(filter -> Filters.means(filter, visible, name));
  }

  boolean wants(Visible visible, String name, NotifyEvent event) {
    return groups(visible, name).anyMatch(group -> group.has(event));
  }

  /**
   * The same of a name that leads to no mailbox any more, or is subscribed no longer: whether one
   * of one's own that had it would be meant.
   */
  boolean wantedWhereItWas(Visible visible, String name, NotifyEvent event) {
    return groups(filter ->
            Filters.means(filter, visible, name)
                || !name.startsWith(Places.PREFIX) && isOfOwn(filter.kind()))
        .anyMatch(group -> group.has(event));
  }

  private static boolean isOfOwn(MailboxFilter.Kind kind) {
    return switch (kind) {
      case INBOXES, PERSONAL, SUBSCRIBED -> true;
      case SELECTED, SELECTED_DELAYED, SUBTREE, SUBTREE_ONE, MAILBOXES -> false;
    };
  }

  /** RFC 5465 §5.7: events of the server are no mailbox's. */
  boolean wantsOfServer() {
    return command.groups().stream()
        .anyMatch(group -> group.has(NotifyEvent.SERVER_METADATA_CHANGE));
  }

  private NavigableMap<String, Watched> watched(Visible visible) {
    NavigableMap<String, Watched> watched = new TreeMap<>();
    for (Found found : visible.all()) {
      String name = found.shown();
      if (found.rights().has(Right.READ) && wants(visible, name, NotifyEvent.MESSAGE_NEW)) {
        watched.put(name, new Watched(found, wants(visible, name, NotifyEvent.FLAG_CHANGE)));
      }
    }
    return watched;
  }

  // ---- the beginning

  /**
   * Notes where everything stands; with STATUS, the mailboxes are still to be told of.
   *
   * @return false if these are too many
   */
  boolean begin() throws IOException {
    if (!isOfOthers()) {
      return true;
    }
    SequencedMap<Place, FolderTree> trees = trees();
    Visible visible = Visible.of(session, trees);
    NavigableMap<String, Watched> watched = watched(visible);
    if (watched.size() > limits().notifyMailboxes()) {
      return false;
    }
    trees.forEach((place, tree) -> sights.put(place.mail().account(), new Sight(tree.seq(), tree)));
    listen(watched);
    if (!command.status()) {
      heads(watched)
          .forEach((name, head) -> told.put(Key.of(watched(watched, name).found), Told.of(head)));
    }
    noAccess(visible);
    return true;
  }

  private static Watched watched(Map<String, Watched> all, String name) {
    Watched one = all.get(name);
    if (one == null) {
      throw new IllegalStateException("not watched");
    }
    return one;
  }

  /** RFC 5465 §3.1: mailboxes that are named, and may be seen but not read. */
  private void noAccess(Visible visible) throws IOException {
    for (Found found : visible.all()) {
      boolean named =
          groups(visible, found.shown())
              .anyMatch(
                  group -> group.has(NotifyEvent.MESSAGE_NEW) && !group.filter().names().isEmpty());
      if (named && !found.rights().has(Right.READ)) {
        session.out.data(ListMailboxes.noAccess(visible, found.shown()));
      }
    }
  }

  /**
   * The folders that can be seen, one's own first. Each log is listened to before it is looked at,
   * so that nothing falls between the two.
   */
  private SequencedMap<Place, FolderTree> trees() {
    wanted.clear();
    Place own = session.places.own("");
    listen(own.mail().log());
    listen(Sharing.log(own.mail().account()));
    listen(Sharing.log(Sharing.EVERYBODY));
    SequencedMap<Place, FolderTree> trees = new LinkedHashMap<>();
    trees.put(own, own.mail().tree());
    for (Place other : Visible.others(session)) {
      listen(other.mail().log());
      trees.put(other, other.mail().tree());
    }
    return trees;
  }

  // ---- listening

  private void listen(LogName log) {
    wanted.add(log);
    listening.computeIfAbsent(
        log, name -> session.server.mail.listen(name, session.connection::signal));
  }

  /** Listens to what is watched as well, and from then on to nothing that is not wanted. */
  private void listen(Map<String, Watched> watched) {
    watched.values().forEach(one -> listen(one.log()));
    listening
        .entrySet()
        .removeIf(entry -> {
          boolean over = !wanted.contains(entry.getKey());
          if (over) {
            entry.getValue().close();
          }
          return over;
        });
  }

  private Map<String, Head> heads(Map<String, Watched> watched) {
    LogStore logs = session.server.mail.store().logs();
    Map<LogName, Head> all =
        watched.isEmpty()
            ? Map.of()
            : logs.heads(watched.values().stream().map(Watched::log).toList());
    Map<String, Head> heads = new TreeMap<>();
    watched.forEach((name, one) -> {
      Head head = all.getOrDefault(one.log(), Head.NONE);
      if (!head.exists()) {
        head = made(one, logs);
      }
      if (head.exists()) {
        heads.put(name, head);
      }
    });
    return heads;
  }

  /** A folder's mailbox is made when it is first asked for; one that was deleted has none. */
  private static Head made(Watched one, LogStore logs) {
    try {
      return logs.head(one.found.mailbox().log());
    } catch (MailboxException.Gone e) {
      return Head.NONE;
    }
  }

  /**
   * Takes what the command at hand wrote for told (RFC 5465 §5), in logs where nothing of others is
   * still to be told.
   *
   * @param key under which it wrote
   */
  void passOver(String key) {
    Map<LogName, Head> heads = session.server.mail.store().logs().heads(logsTold());
    boolean tree = false;
    for (Map.Entry<String, Sight> one : sights.entrySet()) {
      LogName log = AccountMail.foldersLog(one.getKey());
      Optional<Appended> own = own(log, one.getValue().seq, key, heads);
      own.ifPresent(done -> one.setValue(new Sight(done.lastSeq(), null)));
      tree |= own.isPresent();
    }
    for (Map.Entry<Key, Told> one : told.entrySet()) {
      LogName log = one.getKey().log();
      own(log, one.getValue().seq, key, heads)
          .ifPresent(_ -> one.setValue(Told.of(heads.getOrDefault(log, Head.NONE))));
    }
    if (tree) {
      passOverNew();
    }
  }

  private List<LogName> logsTold() {
    return Stream.concat(
            sights.keySet().stream().map(AccountMail::foldersLog),
            told.keySet().stream().map(Key::log))
        .toList();
  }

  /** What was written to a log under a key, if that is all that the log has behind a sequence. */
  private Optional<Appended> own(LogName log, long seq, String key, Map<LogName, Head> heads) {
    long now = heads.getOrDefault(log, Head.NONE).seq();
    return now <= seq
        ? Optional.empty()
        : session
            .server
            .mail
            .store()
            .logs()
            .find(log, key)
            .filter(done -> done.firstSeq() == seq + 1 && done.lastSeq() == now);
  }

  /** The mailboxes that the client made itself. */
  private void passOverNew() {
    SequencedMap<Place, FolderTree> trees = trees();
    NavigableMap<String, Watched> watched = watched(Visible.of(session, trees));
    listen(watched);
    boolean own =
        trees.entrySet().stream()
            .allMatch(one -> {
              Sight sight = sights.get(one.getKey().mail().account());
              return sight != null && sight.seq == one.getValue().seq();
            });
    if (own) {
      heads(watched)
          .forEach((name, head) ->
              told.putIfAbsent(Key.of(watched(watched, name).found), Told.of(head)));
    }
  }

  // ---- telling

  /**
   * Waits for the client between two commands, and tells what comes meanwhile.
   *
   * @return what ended the waiting; never SIGNAL
   */
  Wake await(Duration patience) throws IOException {
    long began = System.nanoTime();
    // What cannot be told now is tried again when something wakes, and not at once.
    boolean tried = false;
    while (true) {
      // Of the answer to a command that is repeated the client may have a part: nothing goes
      // before.
      if (due && !session.connection.isRepeat()) {
        due = false;
        tell();
        if (session.isOver()) {
          return Wake.END;
        }
      }
      Selected selected = session.state.selected();
      LogStore.@Nullable Registration ofSelected =
          selected == null || !ofSelected().messages()
              ? null
              : selected.mailbox().listen(session.connection::signal);
      try {
        if (!tried && ofSelected != null && selected != null && isBehind(selected)) {
          tried = true;
          due = true;
          continue;
        }
        Duration left = patience.minusNanos(System.nanoTime() - began);
        if (!left.isPositive()) {
          return Wake.TIMEOUT;
        }
        Duration look = session.server.settings.keepAlive();
        Wake wake = session.connection.awaitOrSignal(left.compareTo(look) < 0 ? left : look);
        switch (wake) {
          // Hints may get lost: now and then it is looked without one.
          case SIGNAL, TIMEOUT -> {
            tried = false;
            due = true;
          }
          default -> {
            return wake;
          }
        }
      } finally {
        if (ofSelected != null) {
          ofSelected.close();
        }
      }
    }
  }

  private boolean isBehind(Selected selected) {
    try {
      return selected.mailbox().refresh().seq() > selected.view.state().seq()
          || selected.view.hasNews(ofSelected().atOnce());
    } catch (MailboxException.Gone e) {
      return true;
    } catch (StoreException e) {
      session.failed("NOTIFY", e);
      return false;
    }
  }

  private void tell() throws IOException {
    try {
      session.looking.begin();
      tellOthers(null);
      Selected selected = session.state.selected();
      if (selected != null && ofSelected().messages() && isBehind(selected)) {
        session.settle(new ImapPosition.InNews());
        session.looking.begin();
        tellSelected(session);
        session.settle(null);
      }
    } catch (StoreException e) {
      session.failed("NOTIFY", e);
    }
    session.looking.begin();
  }

  /** The news of the selected mailbox, between two commands. */
  static void tellSelected(Session session) throws IOException {
    session.newsBegin();
    Notifying here = session.notifying();
    session.tell(here != null && here.ofSelected().atOnce(), true, "NOTIFY");
  }

  /**
   * Tells of all but the selected mailbox.
   *
   * @param inside the command at hand, or null between two; where the session then stands
   */
  void tellOthers(ImapPosition.@Nullable Inside inside) throws IOException {
    if (!isOfOthers()) {
      return;
    }
    SequencedMap<Place, FolderTree> trees = trees();
    Visible visible = Visible.of(session, trees);
    NavigableMap<String, Watched> watched = watched(visible);
    listen(watched);
    Optional<Boolean> names = tellNames(trees, visible);
    if (names.isEmpty() || watched.size() > limits().notifyMailboxes()) {
      overflow(inside);
      return;
    }
    boolean changed = names.get();
    changed |=
        told.keySet().retainAll(watched.values().stream().map(one -> Key.of(one.found)).toList());
    for (Map.Entry<String, Head> one : heads(watched).entrySet()) {
      changed |= status(watched(watched, one.getKey()), one.getValue());
      if (session.looking.isLong()) {
        settle(inside);
        changed = false;
      }
    }
    if (changed) {
      settle(inside);
    }
  }

  private void settle(ImapPosition.@Nullable Inside inside) throws IOException {
    session.settle(inside);
    session.looking.begin();
  }

  /** RFC 5465 §5.8: as if NOTIFY NONE had been said. */
  private void overflow(ImapPosition.@Nullable Inside inside) throws IOException {
    session.out.untagged(
        Reply.ok(
            ResponseCode.Plain.NOTIFICATIONOVERFLOW, "Too much has happened to tell all of it"));
    session.notifying(
        new Notifying(session, new Command.Notify(command.remembered(), false, List.of())));
    settle(inside);
  }

  /**
   * Tells what has become of folders. It is not settled for itself: a mailbox that is new is told
   * and noted in one.
   *
   * @return whether anything is noted anew; empty if it is too much to be told
   */
  private Optional<Boolean> tellNames(SequencedMap<Place, FolderTree> trees, Visible visible)
      throws IOException {
    boolean changed =
        sights
            .keySet()
            .retainAll(trees.keySet().stream().map(place -> place.mail().account()).toList());
    for (Map.Entry<Place, FolderTree> one : trees.entrySet()) {
      AccountMail mail = one.getKey().mail();
      FolderTree now = one.getValue();
      Sight before = sights.getOrDefault(mail.account(), new Sight(0, FolderTree.EMPTY));
      if (before.seq < now.seq()) {
        FolderTree then = before.tree == null ? mail.treeAt(before.seq).orElse(null) : before.tree;
        if (then == null) {
          return Optional.empty();
        }
        TreeNews news = new TreeNews(session, this, visible, one.getKey(), then, now);
        if (news.size() > limits().notifyNames()) {
          return Optional.empty();
        }
        news.tell();
        changed = true;
      }
      sights.put(mail.account(), new Sight(now.seq(), now));
    }
    return Optional.of(changed);
  }

  private ImapLimits limits() {
    return session.server.settings.limits();
  }

  /**
   * Tells where a mailbox stands, if that is wanted and new.
   *
   * @return whether anything is noted anew
   */
  private boolean status(Watched one, Head head) throws IOException {
    Key key = Key.of(one.found);
    Told now = Told.of(head);
    Told before = told.put(key, now);
    if (now.equals(before)) {
      return false;
    }
    Selected selected = session.state.selected();
    boolean ofOther = selected == null || !selected.is(one.found);
    boolean counts =
        before == null || before.uidNext != now.uidNext || before.messages != now.messages;
    boolean flags = one.flags;
    // One that was not there when notifying began is told of by its name; but a new UIDVALIDITY is
    // told to whoever asks for flags (RFC 5465 §5.1).
    if (ofOther
        && (counts || flags)
        && (before != null || command.status() || flags || head.tally().count() > 0)) {
      Map<StatusItem, Long> values = new EnumMap<>(StatusItem.class);
      if (counts) {
        values.put(StatusItem.MESSAGES, now.messages);
        values.put(StatusItem.UIDNEXT, now.uidNext);
      }
      if (before == null || flags) {
        values.put(StatusItem.UIDVALIDITY, one.found.folder().uidValidity());
      }
      if (flags || session.state.has(Extension.CONDSTORE)) {
        values.put(StatusItem.HIGHESTMODSEQ, now.seq);
      }
      session.out.data(new Data.Status(one.found.shown(), values, null));
    }
    return true;
  }

  @Override
  public void close() {
    listening.values().forEach(LogStore.Registration::close);
    listening.clear();
  }
}
