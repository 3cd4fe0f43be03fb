package hikyaku.server.net;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Optional;

/**
 * A live connection as a status page shows it.
 *
 * @param since when it was accepted
 * @param account who logged in
 * @param state what the protocol says it does
 * @param waiting whether it waits between commands
 */
public record ConnectionInfo(
    String sessionId,
    String listener,
    String protocol,
    InetSocketAddress remote,
    Instant since,
    Optional<String> account,
    String state,
    boolean waiting,
    boolean tls,
    boolean compressed,
    long bytesIn,
    long bytesOut) {}
