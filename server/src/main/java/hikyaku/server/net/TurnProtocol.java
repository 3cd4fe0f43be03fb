package hikyaku.server.net;

import java.io.IOException;

/**
 * A protocol whose sessions hold no thread while they wait. They go on in turns: each has a thread
 * of its own and may wait inside, but when there is nothing to do but to wait for the client or for
 * a call, it ends. What is short and needs no wait is done without a turn, by whoever brings it.
 */
public interface TurnProtocol extends Protocol {
  /** A client has come. */
  Turns begin(TurnConnection connection);

  @Override
  default void serve(Connection connection) throws IOException {
    throw new UnsupportedOperationException(name() + " goes on in turns");
  }

  /** One session. Whoever calls has it, so these are never called at the same time. */
  interface Turns extends AutoCloseable {
    /**
     * Begins, if that can be done without a wait; called before anything else or not at all. The
     * client is not heard until the session was {@link TurnConnection#take taken} and given back.
     *
     * @return false if a turn is needed
     */
    boolean beginAtOnce() throws IOException;

    /**
     * Goes on until there is nothing to do. Input is looked for by {@link Connection#awaitOrSignal}
     * without a timeout.
     *
     * @return false when the session is over
     */
    boolean turn() throws IOException;

    /** How many octets of input can be dealt with now, without a wait; 0 if a turn is needed. */
    int room();

    /** Deals with input, of which there is no more than was said. Must not wait. */
    void input(byte[] octets, int offset, int length) throws IOException;

    /** The session is over. */
    @Override
    void close() throws IOException;
  }

  /** A connection as seen by those who bring something to a session. */
  interface TurnConnection extends Connection {
    /**
     * Takes the session for the caller if nobody has it; what is written then does not wait for the
     * client either. If somebody has it, he will look for what the caller brings, which must have
     * been put where he looks already.
     */
    boolean take();

    /**
     * Ends what {@link #take()} began.
     *
     * @param turn whether there is more to do, which may have to wait
     */
    void giveBack(boolean turn);

    /**
     * Ends what {@link #take()} began, and the session with it: all that is to be said is written.
     */
    void part();
  }
}
