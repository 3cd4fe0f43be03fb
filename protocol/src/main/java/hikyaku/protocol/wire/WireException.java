package hikyaku.protocol.wire;

import java.io.IOException;

/** What can be wrong with the octets themselves, before any grammar has looked at them. */
public sealed class WireException extends IOException {
  private WireException(String message) {
    super(message);
  }

  /** The peer closed the connection between two commands: an ordinary end. */
  public static final class End extends WireException {
    public End() {
      super("end of input");
    }
  }

  /** The peer closed the connection inside a line, a literal or dotted text. */
  public static final class Truncated extends WireException {
    public Truncated() {
      super("end of input inside a line, literal or message");
    }
  }

  /**
   * A line longer than its limit. The rest of the line has been read and dropped, so the connection
   * is at the start of the next line and the refusal can be an ordinary reply.
   */
  public static final class LineTooLong extends WireException {
    /** How much of the line's end is kept: room for an IMAP literal's announcement. */
    public static final int TAIL = 32;

    private final int limit;
    private final transient byte[] head;
    private final transient byte[] tail;

    /**
     * @param head the first octets of the line
     * @param tail its last octets, at most {@value #TAIL}, without the line ending
     */
    public LineTooLong(int limit, byte[] head, byte[] tail) {
      super("line longer than " + limit + " octets");
      this.limit = limit;
      this.head = head;
      this.tail = tail;
    }

    /** The first octets of the line, up to the limit: enough to know whom to answer. */
    public byte[] head() {
      return head;
    }

    /** The last octets of the line: whether it announced that something follows. */
    public byte[] tail() {
      return tail;
    }

    public int limit() {
      return limit;
    }
  }

  /** A CR without LF or an LF without CR where the protocol forbids it. */
  public static final class BareLineEnding extends WireException {
    public BareLineEnding() {
      super("CR or LF outside of a CRLF pair");
    }
  }
}
