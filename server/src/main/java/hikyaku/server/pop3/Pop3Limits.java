package hikyaku.server.pop3;

import java.time.Duration;

/**
 * What a client may take of a POP3 session. The length of lines is the RFCs' own ({@link
 * hikyaku.protocol.pop3.CommandLine}).
 *
 * @param login how long a client may be silent before it has logged in. RFC 1939 §3 has at least
 *     ten minutes for any autologout; {@code net.login} is how long it may take to log in, whatever
 *     it says. The connection is closed without a word, as there
 * @param idle the same afterwards; nothing is deleted
 * @param command how long a client may be silent inside a command line, or between the lines of an
 *     AUTH exchange; the connection is closed
 * @param errors replies to lines that are no command, or none in this state, until the session
 *     ends: whoever speaks another protocol, or guesses, is not kept. The last is {@code -ERR} and
 *     says so. Once the client has logged in they are counted anew after each {@code +OK}
 * @param failedLogins logins refused until the session ends; the last refusal is as any other, for
 *     it must not look different to a client that will come again
 */
public record Pop3Limits(
    Duration login, Duration idle, Duration command, int errors, int failedLogins) {
  public static final Pop3Limits DEFAULTS =
      new Pop3Limits(Duration.ofMinutes(10), Duration.ofMinutes(10), Duration.ofMinutes(2), 20, 5);

  public Pop3Limits {
    if (errors < 1 || failedLogins < 1) {
      throw new IllegalArgumentException("a session needs room for one error");
    }
  }
}
