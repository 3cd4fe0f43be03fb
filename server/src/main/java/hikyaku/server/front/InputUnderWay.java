package hikyaku.server.front;

import hikyaku.server.link.NodeLink;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the client has said, on its way to the node that has the session. What no node has settled
 * is given again to the next one. Places are octets since the session began.
 */
final class InputUnderWay implements AutoCloseable {
  /** Octets under way to the node that it has not yet taken. */
  static final int WINDOW = 256 * 1024;

  /** Octets sent to a node in one frame. */
  private static final int CHUNK = 16 * 1024;

  /** More than may be waited for to be settled. */
  static final class Excess extends IOException {
    Excess(String message) {
      super(message);
    }
  }

  private final Unsettled unsettled;
  private final long limit;

  /** The place up to which this node has been given it. */
  private long forwarded;

  /** The place up to which any node has been given it. */
  private long seen;

  /** Octets that the node still takes. */
  private int credit;

  private boolean ended;

  /** Whether this node knows of the end. */
  private boolean endTold;

  /**
   * @param spool the directory of files for what is long
   * @param limit octets that may wait to be settled
   */
  InputUnderWay(Path spool, long limit) {
    this.unsettled = new Unsettled(spool);
    this.limit = limit;
  }

  /** The place up to which all is settled. */
  long settled() {
    return unsettled.base();
  }

  /** The place up to which any node has been given it. */
  long seen() {
    return seen;
  }

  /** Whether the client has said nothing that is not settled. */
  boolean isSettled() {
    return unsettled.base() == unsettled.end();
  }

  /** Whether the node has been given all of it. */
  boolean isForwarded() {
    return forwarded == unsettled.end();
  }

  boolean isInMemory() {
    return unsettled.room() > 0;
  }

  boolean isEnded() {
    return ended;
  }

  /** Whether more of it is wanted now. */
  boolean isWanted() {
    return !ended && credit > 0;
  }

  /** Octets that can be added and passed on at once. */
  int room() {
    return ended || !isForwarded() ? 0 : Math.min(credit, unsettled.room());
  }

  /**
   * Takes what the client says, and passes it on at once if it may.
   *
   * @throws Excess if too much waits to be settled
   */
  void add(byte[] octets, int offset, int length, NodeLink.@Nullable Stream to) throws IOException {
    boolean first = isForwarded() && length <= credit;
    unsettled.append(octets, offset, length);
    if (unsettled.end() - unsettled.base() > limit) {
      throw new Excess("more than " + limit + " octets in one command");
    }
    if (to != null && first) {
      to.input(octets, offset, length);
      forward(length);
    }
  }

  private void forward(int length) {
    forwarded += length;
    credit -= length;
    seen = Math.max(seen, forwarded);
  }

  /** The client has said all that it will. */
  void end() {
    ended = true;
  }

  /** Passes on as much as the node takes. */
  void forward(NodeLink.Stream to) throws IOException {
    while (!isForwarded() && credit > 0) {
      byte[] part = unsettled.read(forwarded, CHUNK);
      to.input(part, 0, part.length);
      forward(part.length);
    }
    if (ended && !endTold && isForwarded()) {
      endTold = true;
      to.inputEnded();
    }
  }

  /** The node takes so many more octets. */
  void granted(int octets) {
    credit += octets;
  }

  void settle(long place) throws IOException {
    if (place < unsettled.base() || place > forwarded) {
      throw new IOException("settled at " + place + ", outside of what was sent");
    }
    unsettled.settle(place);
  }

  /**
   * Begins anew with what a layer below gives from now on.
   *
   * @param place the node has settled what is before it
   * @return what the client said from there on, which nobody is given
   */
  byte[] settleAll(long place) throws IOException {
    settle(place);
    byte[] rest = unsettled.read(place, (int) (unsettled.end() - place));
    unsettled.settle(unsettled.end());
    forwarded = unsettled.end();
    return rest;
  }

  /** The same if the node has settled all that it was given. */
  void settleAll() throws IOException {
    settle(forwarded);
    unsettled.settle(unsettled.end());
    forwarded = unsettled.end();
  }

  /** No node has the session: a client may say as much as one would be sent. */
  void hold() {
    credit = WINDOW;
  }

  /** Another node has the session, and nothing of what is not settled. */
  void restart() {
    forwarded = unsettled.base();
    credit = WINDOW;
    endTold = false;
  }

  @Override
  public void close() throws IOException {
    unsettled.close();
  }
}
