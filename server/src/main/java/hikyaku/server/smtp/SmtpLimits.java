package hikyaku.server.smtp;

import java.time.Duration;

/**
 * What a client may take. The length of lines is the grammar's ({@link
 * hikyaku.protocol.smtp.CommandParser}).
 *
 * @param messageOctets the largest message, as SIZE tells it (RFC 1870). Reply: 552 5.3.4
 * @param recipients RCPT of one transaction, as LIMITS tells it (RFC 9422). RFC 5321 §4.5.3.1.8
 *     asks for 100. Reply: 452 4.5.3
 * @param copies mailboxes that one message may go to, aliases counted out: all of them are one
 *     durability round, and each holds what was found in the header, up to some 100 KiB. Reply: 452
 *     4.5.3
 * @param transactions MAIL of one session, as LIMITS tells it; a client that has more reconnects.
 *     Reply: 421 4.7.0
 * @param hops Received fields of a message; RFC 5321 §6.3 wants at least 100 to be allowed. Reply:
 *     554 5.4.6
 * @param badCommands commands of one session that cannot be carried out. Reply: 421 4.7.0
 * @param unknownRecipients addresses that a stranger may try in one session and nobody has:
 *     guessing addresses must be slow. Reply: 421 4.7.0
 * @param idleCommands commands in a row that bring no message nearer (NOOP, RSET, HELP, VRFY).
 *     Reply: 421 4.7.0
 * @param slowAfter refusals of a stranger's session from which on each is held back
 * @param slowBy how long a refusal is held back
 * @param command the longest wait for a command (RFC 5321 §4.5.3.2.7: 5 minutes at least). Reply:
 *     421 4.4.2
 * @param data the longest wait for more of a message. Reply: 421 4.4.2
 * @param transaction the longest time from MAIL to the end of the message, however it drips. Reply:
 *     421 4.4.2
 */
public record SmtpLimits(
    long messageOctets,
    int recipients,
    int copies,
    int transactions,
    int hops,
    int badCommands,
    int unknownRecipients,
    int idleCommands,
    int slowAfter,
    Duration slowBy,
    Duration command,
    Duration data,
    Duration transaction) {
  public static final SmtpLimits DEFAULT =
      new SmtpLimits(
          50L * 1024 * 1024,
          500,
          1_000,
          1_000,
          100,
          20,
          20,
          100,
          5,
          Duration.ofSeconds(1),
          Duration.ofMinutes(5),
          Duration.ofMinutes(5),
          Duration.ofHours(1));
}
