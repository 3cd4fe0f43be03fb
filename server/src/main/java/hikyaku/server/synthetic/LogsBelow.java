package hikyaku.server.synthetic;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.ChangePage;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Snapshot;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The logs of a store whose names begin with a prefix, by the rest of their names. */
final class LogsBelow implements LogStore {
  private final LogStore all;
  private final String prefix;

  LogsBelow(LogStore all, String prefix) {
    this.all = all;
    this.prefix = prefix;
  }

  private LogName full(LogName name) {
    return new LogName(prefix + name.value());
  }

  private LogName rest(LogName name) {
    return new LogName(name.value().substring(prefix.length()));
  }

  @Override
  public List<Outcome> append(List<Append> round) {
    return all.append(
        round.stream()
            .map(each -> new Append(full(each.log()), each.events(), each.expect(), each.key()))
            .toList());
  }

  @Override
  public Optional<Appended> find(LogName log, String key) {
    return all.find(full(log), key);
  }

  @Override
  public Map<LogName, Head> heads(List<LogName> logs) {
    Map<LogName, Head> heads = new LinkedHashMap<>();
    all.heads(logs.stream().map(this::full).toList())
        .forEach((name, head) -> heads.put(rest(name), head));
    return heads;
  }

  @Override
  public List<Entry> read(LogName log, long after, long through, int limit) {
    return all.read(full(log), after, through, limit);
  }

  @Override
  public Optional<Snapshot> snapshot(LogName log) {
    return all.snapshot(full(log));
  }

  @Override
  public void saveSnapshot(LogName log, Snapshot snapshot) {
    all.saveSnapshot(full(log), snapshot);
  }

  @Override
  public void compact(LogName log, long[] dead) {
    all.compact(full(log), dead);
  }

  @Override
  public void restore(LogName log, long after, List<Entry> entries, Head head) {
    all.restore(full(log), after, entries, head);
  }

  @Override
  public void drop(LogName log) {
    all.drop(full(log));
  }

  @Override
  public SequencedMap<LogName, Head> list(String below, @Nullable LogName after, int limit) {
    SequencedMap<LogName, Head> found = new LinkedHashMap<>();
    all.list(prefix + below, after == null ? null : full(after), limit)
        .forEach((name, head) -> found.put(rest(name), head));
    return found;
  }

  /** The feed is that of the whole store, and its cursors too. */
  @Override
  public ChangePage changes(String cursor, int limit) {
    throw new UnsupportedOperationException("the feed of changes is the whole store's");
  }

  @Override
  public void trimChanges(Duration olderThan) {
    throw new UnsupportedOperationException("the feed of changes is the whole store's");
  }

  @Override
  public Registration hints(Consumer<LogName> listener) {
    return all.hints(name -> {
      if (name.value().startsWith(prefix)) {
        listener.accept(rest(name));
      }
    });
  }
}
