package hikyaku.server.filter;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.filter.proto.RunFailed;
import hikyaku.server.filter.proto.ScriptEvent;
import hikyaku.server.filter.proto.ScriptRecord;
import hikyaku.server.filter.proto.ScriptRenamed;
import hikyaku.server.filter.proto.ScriptsChosen;
import hikyaku.server.filter.proto.ScriptsSnapshot;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An account's scripts as of one sequence of their log. Immutable.
 *
 * @param byName each as it was sent
 * @param active the name of the script that runs, or empty
 * @param problem why the last run failed that did
 * @param before names of those that run before an account's own, in order; of scripts for all only
 * @param after names of those that run behind it
 */
public record Scripts(
    long seq,
    SortedMap<String, ByteString> byName,
    String active,
    Optional<Problem> problem,
    List<String> before,
    List<String> after) {
  static final Scripts NONE =
      new Scripts(0, new TreeMap<>(), "", Optional.empty(), List.of(), List.of());

  /**
   * Why a run failed.
   *
   * @param line of the script; 0 if none is to blame
   * @param sentence for the script's author
   */
  public record Problem(String script, int line, String sentence, Instant time) {}

  public Scripts {
    byName = Collections.unmodifiableSortedMap(byName);
    before = List.copyOf(before);
    after = List.copyOf(after);
  }

  /** Octets of all scripts. */
  public long octets() {
    return byName.values().stream().mapToLong(ByteString::size).sum();
  }

  public Optional<ByteString> script(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** Whether a script runs. */
  boolean isUsed(String name) {
    return active.equals(name) || before.contains(name) || after.contains(name);
  }

  /** Goes on with entries that follow. */
  Scripts fold(List<Entry> entries) {
    SortedMap<String, ByteString> scripts = new TreeMap<>(byName);
    String nowActive = active;
    Optional<Problem> last = problem;
    List<String> nowBefore = before;
    List<String> nowAfter = after;
    long at = seq;
    for (Entry entry : entries) {
      if (entry.seq() != at + 1) {
        throw new StoreException.Corrupt("entry " + entry.seq() + " does not follow " + at, null);
      }
      at = entry.seq();
      ScriptEvent event = parse(entry);
      switch (event.getEventCase()) {
        case PUT -> scripts.put(event.getPut().getName(), event.getPut().getContent());
        case DELETED -> {
          scripts.remove(event.getDeleted());
          nowActive = nowActive.equals(event.getDeleted()) ? "" : nowActive;
        }
        case RENAMED -> {
          ScriptRenamed renamed = event.getRenamed();
          ByteString content = scripts.remove(renamed.getFrom());
          if (content != null) {
            scripts.put(renamed.getTo(), content);
            nowActive = nowActive.equals(renamed.getFrom()) ? renamed.getTo() : nowActive;
          }
        }
        case ACTIVATED -> nowActive = event.getActivated();
        case CHOSEN -> {
          nowBefore = event.getChosen().getBeforeList();
          nowAfter = event.getChosen().getAfterList();
        }
        case FAILED -> last = Optional.of(problem(event.getFailed()));
        case EVENT_NOT_SET -> {
          // Of a later version.
        }
      }
    }
    return new Scripts(at, scripts, nowActive, last, nowBefore, nowAfter);
  }

  private static ScriptEvent parse(Entry entry) {
    try {
      return ScriptEvent.parseFrom(entry.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt("script entry " + entry.seq() + " makes no sense", e);
    }
  }

  private static Problem problem(RunFailed record) {
    return new Problem(
        record.getScript(),
        record.getLine(),
        record.getSentence(),
        Instant.ofEpochMilli(record.getTime()));
  }

  static RunFailed record(Problem problem) {
    return RunFailed.newBuilder()
        .setScript(problem.script())
        .setLine(problem.line())
        .setSentence(problem.sentence())
        .setTime(problem.time().toEpochMilli())
        .build();
  }

  Snapshot snapshot() {
    ScriptsSnapshot.Builder record = ScriptsSnapshot.newBuilder().setActive(active);
    byName.forEach((name, content) ->
        record.addScripts(ScriptRecord.newBuilder().setName(name).setContent(content)));
    problem.ifPresent(last -> record.setFailed(record(last)));
    record.setChosen(ScriptsChosen.newBuilder().addAllBefore(before).addAllAfter(after));
    return new Snapshot(seq, record.build().toByteString());
  }

  static Scripts of(Snapshot snapshot) {
    try {
      ScriptsSnapshot record = ScriptsSnapshot.parseFrom(snapshot.state());
      SortedMap<String, ByteString> scripts = new TreeMap<>();
      record.getScriptsList().forEach(each -> scripts.put(each.getName(), each.getContent()));
      return new Scripts(
          snapshot.seq(),
          scripts,
          record.getActive(),
          record.hasFailed() ? Optional.of(problem(record.getFailed())) : Optional.empty(),
          record.getChosen().getBeforeList(),
          record.getChosen().getAfterList());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(
          "script snapshot at " + snapshot.seq() + " makes no sense", e);
    }
  }
}
