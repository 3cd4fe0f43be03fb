package hikyaku.server.net;

import hikyaku.protocol.wire.WireReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * One client, from accept to close. Owned by the virtual thread that runs {@link Protocol#serve}:
 * only {@link #signal()}, {@link #close(CloseReason)} and the plain getters may be called from
 * elsewhere.
 */
public interface Connection {
  /** Short, unique, and sorting by time; the same in every log line of the session. */
  String sessionId();

  /** The listener that accepted it. */
  ListenerSpec listener();

  /** The client's address. */
  InetSocketAddress remote();

  /** Our address as the client reached it. */
  InetSocketAddress local();

  /** Whether the client is on this machine. */
  boolean isLoopback();

  /** Whether what is sent now is protected by TLS. */
  boolean isTls();

  /** What was negotiated, once {@link #isTls()}. */
  Optional<TlsInfo> tls();

  /** Whether STARTTLS may be offered now: the listener has it, and TLS is not yet on. */
  boolean canStartTls();

  /** Whether compression is on. */
  boolean isCompressed();

  /** The input. Reading what has not arrived flushes the output first. */
  WireReader in();

  /** The output. */
  Output out();

  /**
   * Waits between commands for input, holding no buffers; output is flushed first. Does not see
   * signals and is the cheaper wait.
   *
   * @param timeout the longest wait; less where {@link NetLimits#login()} comes first. A wait of 20
   *     seconds or more that is over leaves a connection without input: only a last word can follow
   * @return INPUT at once if octets have arrived that were not yet consumed; never SIGNAL
   */
  Wake await(Duration timeout) throws IOException;

  /**
   * Waits like {@link #await}, for a signal as well. A signal given before is not lost; several
   * given before the wait are seen as one. Input goes before a signal, which then stays.
   */
  Wake awaitOrSignal(Duration timeout) throws IOException;

  /** Wakes {@link #awaitOrSignal}, now or at its next call. From any thread; never blocks. */
  void signal();

  /**
   * The longest time to wait for octets inside a command, until set anew. Afterwards reading throws
   * {@link NetException.ReadTimeout}.
   */
  void setReadTimeout(Duration timeout);

  /**
   * Flushes the output (the protocol's go-ahead), forgets all input received so far, and negotiates
   * TLS.
   *
   * @throws NetException.TlsFailure if that failed: nothing more can be said to the client
   * @throws IllegalStateException unless {@link #canStartTls()}
   */
  void startTls() throws IOException;

  /**
   * Flushes the output (the protocol's go-ahead) and compresses both directions from the next octet
   * on with raw DEFLATE (RFC 4978).
   *
   * @throws IllegalStateException if it is on already
   */
  void startCompression() throws IOException;

  /**
   * As {@link #startCompression()}, where octets of compressed input were read from {@link #in()}
   * already.
   */
  void startCompression(byte[] early) throws IOException;

  /**
   * Tells the client something beside the answer at hand, at once: a whole line between two of its
   * lines. It is no part of the answer, so a repeat of the command need not say it again; where the
   * two cannot be told apart it is not told.
   *
   * @param line with its CRLF, as {@link Output#write(String)}
   */
  void aside(String line) throws IOException;

  /** Names the account once the client has logged in; for status, traces and the log. */
  default void describe(String account) {
    describe(account, Home.ANYWHERE);
  }

  /**
   * Names the account once the client has logged in, and where its sessions are best served: a
   * front takes it there once it is settled.
   */
  void describe(String account, Home home);

  /**
   * The client is logged in no longer, and stays: it counts as one that has not logged in yet, and
   * has as long to do so as one that has just come.
   */
  void loggedOut();

  /** A word or two for the status page on what the session does: a state, a command, a folder. */
  void state(String state);

  /**
   * Says that everything read so far is dealt with, that everything written so far answers it, and
   * where the session stands now: another node could carry it on from there by {@link
   * Protocol#resume}. Called after every command, and inside one that lasts (IDLE) after all that
   * it tells. Costs nothing on a connection that cannot move.
   *
   * @param position the protocol's own record of where the session stands; asked for at once, or
   *     not at all
   */
  void settle(Supplier<byte[]> position) throws IOException;

  /**
   * A name for the command that begins at the next octet of input: the same when another node
   * repeats it, and no other command's. Under it, writes are done once however often they are asked
   * for.
   */
  String commandKey();

  /**
   * Whether the command that begins at the next octet of input may have been given to another node
   * before, which fell silent: what it writes may be written already, under {@link #commandKey()}.
   */
  boolean isRepeat();

  /**
   * Notes what the command at hand looks at, so that a repeat of it sees the same and answers with
   * the same octets: the sequence of a log. Holds until the next {@link #settle}. Only a command
   * whose answer may be long needs it; that of a short one reaches the client whole or not at all.
   */
  void pin(long seq);

  /** What the command at hand was {@link #pin pinned} to on the node that had it before. */
  OptionalLong pinned();

  /**
   * Hides all input up to the next {@link #await} from protocol traces, for what a {@link
   * Redaction} cannot know.
   */
  void hideInput();

  /** Octets received, as they came over the network. */
  long bytesIn();

  /** Octets sent, as they went over the network. */
  long bytesOut();

  /** Whether the server wants the session to end after the command at hand. */
  boolean isStopping();

  /**
   * Ends the connection now, from any thread: what its own thread reads or writes fails with {@link
   * NetException.Closed}. The owner simply returns from {@link Protocol#serve} instead.
   */
  void close(CloseReason reason);
}
