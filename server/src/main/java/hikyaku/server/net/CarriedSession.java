package hikyaku.server.net;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A client's session as a front hands it to a node: new, or to be carried on.
 *
 * @param sessionId as the front gave it
 * @param listener the front's listener, for the log
 * @param service the {@link Protocol#name()} spoken there
 * @param mode how TLS is spoken there
 * @param remote the client
 * @param local the address that the client reached
 * @param since when it was accepted
 * @param tls what was negotiated with the client, if TLS is on
 * @param compressed whether the front compresses for the client
 * @param inputOffset octets of input dealt with before
 * @param doubtfulTo octets of input up to here may have been dealt with by another node
 * @param pin what the first command was pinned to there
 * @param position where the session stands; empty for one that is to be greeted
 */
public record CarriedSession(
    String sessionId,
    String listener,
    String service,
    TlsMode mode,
    InetSocketAddress remote,
    InetSocketAddress local,
    Instant since,
    Optional<TlsInfo> tls,
    boolean compressed,
    long inputOffset,
    long doubtfulTo,
    OptionalLong pin,
    Optional<byte[]> position) {
  /** What the link does to a session that it has handed over. Never blocks; from any thread. */
  public interface Reins {
    /** Octets of input, in order; the array is the session's from now on. */
    void input(byte[] octets);

    /** The client sends nothing more. */
    void inputEnded();

    /** TLS is on; input from this offset on came through it. */
    void tlsStarted(TlsInfo tls, long inputOffset);

    /** Compression is on; input from this offset on came through it. */
    void compressionStarted(long inputOffset);

    /** The front has passed on so many octets: as many more may be sent. */
    void granted(int octets);

    /** Has the session be left at the next settled place. */
    void letGo();

    /** Ends the session now: the client is gone, or the front. */
    void drop(CloseReason reason);
  }
}
