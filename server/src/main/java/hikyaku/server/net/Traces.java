package hikyaku.server.net;

import java.net.InetAddress;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Which sessions are traced, changed while the server runs. A session takes notice at its next wait
 * between commands, so that a trace never begins inside an exchange of secrets.
 */
public final class Traces {
  private final List<Following> followed = new CopyOnWriteArrayList<>();
  private final AtomicInteger version = new AtomicInteger();

  /** Whom to follow. */
  public sealed interface Subject {
    /** One session. */
    record OfSession(String sessionId) implements Subject {}

    /** All sessions from an address. */
    record OfAddress(InetAddress address) implements Subject {}

    /** All sessions of an account, from login on. */
    record OfAccount(String account) implements Subject {}
  }

  /** A trace that was switched on; closing switches it off. */
  public final class Following implements AutoCloseable {
    private final Subject subject;
    private final TraceSink sink;
    private volatile boolean off;

    private Following(Subject subject, TraceSink sink) {
      this.subject = subject;
      this.sink = sink;
    }

    /**
     * Tells a line, if nobody has told it.
     *
     * @param told the sinks that have the line
     */
    void line(
        String sessionId, TraceSink.Direction direction, String text, Collection<TraceSink> told) {
      if (!off && !told.contains(sink)) {
        told.add(sink);
        sink.line(sessionId, direction, text);
      }
    }

    @Override
    public void close() {
      off = true;
      followed.remove(this);
      version.incrementAndGet();
    }
  }

  /** Traces the subject to the sink until the result is closed. */
  public Following follow(Subject subject, TraceSink sink) {
    Following following = new Following(subject, sink);
    followed.add(following);
    version.incrementAndGet();
    return following;
  }

  /** Changes whenever the answer of {@link #followersOf} may. */
  int version() {
    return version.get();
  }

  List<Following> followersOf(String sessionId, InetAddress remote, Optional<String> account) {
    if (followed.isEmpty()) {
      return List.of();
    }
    return followed.stream()
        .filter(following ->
            switch (following.subject) {
              case Subject.OfSession(String id) -> id.equals(sessionId);
              case Subject.OfAddress(InetAddress address) -> address.equals(remote);
              case Subject.OfAccount(String name) -> account.filter(name::equals).isPresent();
            })
        .toList();
  }
}
