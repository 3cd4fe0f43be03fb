package hikyaku.server.imap;

import hikyaku.protocol.imap.ImapLimits;
import java.time.Duration;

/**
 * What an operator can set for IMAP.
 *
 * @param appendLimit octets of the largest message APPEND takes (RFC 7889); a larger one gets NO
 *     [TOOBIG]
 * @param keepAlive how often IDLE says that it is still there, so that NATs and phones keep the
 *     connection (RFC 2177 leaves that to the server)
 * @param working how often a SEARCH or FETCH that takes long says that it is still at work, by
 *     which the server also learns that nobody waits for it any more
 * @param login how long a client may take to log in; BYE
 * @param idle how long a client may say nothing once it is logged in, IDLE included; at least 30
 *     minutes (RFC 9051 §5.4); BYE
 * @param command how long a client may take to send what a command still needs; the connection ends
 * @param errors commands that are none, or not allowed, with no OK between, until the session ends
 *     with BYE
 * @param failedLogins refused logins until the session ends with BYE
 * @param limits what one command may have
 */
public record ImapSettings(
    long appendLimit,
    Duration keepAlive,
    Duration working,
    Duration login,
    Duration idle,
    Duration command,
    int errors,
    int failedLogins,
    ImapLimits limits) {
  public static final ImapSettings DEFAULTS =
      new ImapSettings(
          100L * 1024 * 1024,
          Duration.ofMinutes(2),
          Duration.ofSeconds(10),
          Duration.ofMinutes(2),
          Duration.ofMinutes(30),
          Duration.ofMinutes(5),
          50,
          5,
          ImapLimits.DEFAULT);
}
