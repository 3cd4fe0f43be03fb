package hikyaku.server.origin;

import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What one message has DNS asked, beside what else is done. Each thing that is to be found out
 * takes so many questions and no more, and none of another's: whoever sends a message says most of
 * what is asked for it, and must not use up what the answer of somebody else takes. Used by one
 * thread, which closes it.
 */
final class Questions implements AutoCloseable {
  private final ExecutorService threads;
  private final Dns dns;
  private final int most;
  private final List<Future<?>> asked = new ArrayList<>();
  private boolean hurried;
  private long deadline;

  /**
   * @param most questions for each thing that is to be found out
   */
  Questions(ExecutorService threads, Dns dns, int most) {
    this.threads = threads;
    this.dns = dns;
    this.most = most;
  }

  /** What is to be found out from DNS. */
  @FunctionalInterface
  interface Question<T> {
    T ask(Dns dns) throws DnsException;
  }

  /** An answer that may still be on its way. */
  final class Answer<T> {
    private final Future<T> future;

    private Answer(Future<T> future) {
      this.future = future;
    }

    /**
     * Waits for it, until the deadline.
     *
     * @throws DnsException if there is none
     */
    T get() throws DnsException {
      try {
        return hurried
            ? future.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)
            : future.get();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof DnsException silent) {
          throw silent;
        }
        throw new IllegalStateException("a question failed", e.getCause());
      } catch (TimeoutException e) {
        throw new DnsException("anything in time", e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new DnsException("anybody who is interrupted", e);
      }
    }
  }

  <T> Answer<T> start(Question<T> question) {
    Dns counted = new Counted(dns, most);
    Future<T> future = threads.submit(() -> question.ask(counted));
    asked.add(future);
    return new Answer<>(future);
  }

  /** From now on nobody waits longer than this. */
  void hurry(long nanos) {
    hurried = true;
    deadline = System.nanoTime() + nanos;
  }

  @Override
  public void close() {
    asked.forEach(each -> each.cancel(true));
    asked.clear();
  }

  /** Answers no more than some questions. */
  private record Counted(Dns dns, int most, AtomicInteger count) implements Dns {
    Counted(Dns dns, int most) {
      this(dns, most, new AtomicInteger());
    }

    private Dns next() throws DnsException {
      if (count.incrementAndGet() > most) {
        throw new DnsException(
            "more than " + most + " questions", new IllegalStateException("too many"));
      }
      return dns;
    }

    @Override
    public Optional<List<InetAddress>> a(String host) throws DnsException {
      return next().a(host);
    }

    @Override
    public Optional<List<InetAddress>> aaaa(String host) throws DnsException {
      return next().aaaa(host);
    }

    @Override
    public Optional<List<Mx>> mx(String domain) throws DnsException {
      return next().mx(domain);
    }

    @Override
    public Optional<List<String>> txt(String name) throws DnsException {
      return next().txt(name);
    }

    @Override
    public Optional<List<String>> ptr(InetAddress address) throws DnsException {
      return next().ptr(address);
    }
  }
}
