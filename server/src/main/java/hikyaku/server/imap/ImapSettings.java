package hikyaku.server.imap;

import hikyaku.protocol.imap.ImapLimits;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;

/**
 * What an operator can set for IMAP.
 *
 * @param appendLimit octets of the largest message APPEND takes (RFC 7889); a larger one gets NO
 *     [TOOBIG]
 * @param messageLimit messages that one command may deal with, which is advertised as MESSAGELIMIT
 *     (RFC 9738): a longer one is done for the last messages alone, and says so; COPY, APPEND, SORT
 *     and THREAD are refused. Clients that do not know of it then see a part of a mailbox that has
 *     more. 1000 at least
 * @param saveLimit messages that one COPY or APPEND may have, which is advertised as SAVELIMIT (RFC
 *     9738) in place of MESSAGELIMIT; a longer one gets NO [MESSAGELIMIT]. 1000 at least
 * @param enforcedLimit messages from which on that limit is kept to, where clients that do not know
 *     of it are to be spared (RFC 9738 §4.2); {@code unlimited} to advertise it only, 0 for what is
 *     advertised
 * @param uidOnly whether clients may do without message numbers, which is advertised as UIDONLY
 *     (RFC 9586). Outlook enables it wherever it is offered, and then uses message numbers all the
 *     same, which the RFC has refused: it shows no mail
 * @param unauthenticate whether a client may log out and keep its connection for another login,
 *     which is advertised as UNAUTHENTICATE (RFC 8437). Where a proxy stands before this server
 *     that looks at logins and then passes on what comes, it lets clients past that proxy
 * @param keepAlive how often IDLE says that it is still there, so that NATs and phones keep the
 *     connection (RFC 2177 leaves that to the server)
 * @param working how often a command that takes long says that it is still at work, by which the
 *     server also learns that nobody waits for it any more
 * @param login how long a client may say nothing before it has logged in; BYE. {@code net.login} is
 *     how long it may take to log in, whatever it says
 * @param idle how long a client may say nothing once it is logged in, IDLE included; at least 30
 *     minutes (RFC 9051 §5.4); BYE
 * @param command how long a client may take to send what a command still needs; the connection ends
 * @param errors commands that are none, or not allowed, and SASL mechanisms that there are not,
 *     with no OK between, until the session ends with BYE
 * @param failedLogins refused logins until the session ends with BYE
 * @param contact how users reach whoever runs this service, as a URI like {@code
 *     mailto:postmaster@example.org}; mail programs read it as the annotation /shared/admin of the
 *     server (RFC 5464 §6.2.2). Empty for none
 * @param comment what users are told of this service: the annotation /shared/comment of the server
 *     (RFC 5464 §6.2.1). Empty for none
 * @param limits what one command may have
 */
public record ImapSettings(
    long appendLimit,
    int messageLimit,
    int saveLimit,
    int enforcedLimit,
    boolean uidOnly,
    boolean unauthenticate,
    Duration keepAlive,
    Duration working,
    Duration login,
    Duration idle,
    Duration command,
    int errors,
    int failedLogins,
    String contact,
    String comment,
    ImapLimits limits) {
  /** RFC 9738 §3. */
  private static final int LEAST_LIMIT = 1000;

  public ImapSettings {
    if (messageLimit < LEAST_LIMIT || saveLimit < LEAST_LIMIT) {
      throw new IllegalArgumentException(
          "imap.message-limit and imap.save-limit are "
              + LEAST_LIMIT
              + " at least (RFC 9738), or \"unlimited\"");
    }
    if (messageLimit < Integer.MAX_VALUE && saveLimit < Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "imap.message-limit holds for COPY and APPEND too: set it or imap.save-limit, not both");
    }
    if (enforcedLimit != 0 && enforcedLimit < Math.min(messageLimit, saveLimit)) {
      throw new IllegalArgumentException(
          "imap.enforced-limit is not below what is advertised by imap.message-limit or"
              + " imap.save-limit, or 0 for just that");
    }
    if (!contact.isEmpty() && !isUri(contact)) {
      throw new IllegalArgumentException(
          "imap.contact is a URI, like \"mailto:postmaster@example.org\", or empty");
    }
  }

  private static boolean isUri(String text) {
    try {
      return new URI(text).isAbsolute();
    } catch (URISyntaxException e) {
      return false;
    }
  }

  public static final ImapSettings DEFAULTS =
      new ImapSettings(
          100L * 1024 * 1024,
          Integer.MAX_VALUE,
          Integer.MAX_VALUE,
          0,
          false,
          true,
          Duration.ofMinutes(2),
          Duration.ofSeconds(10),
          Duration.ofMinutes(2),
          Duration.ofMinutes(30),
          Duration.ofMinutes(5),
          50,
          5,
          "",
          "",
          ImapLimits.DEFAULT);
}
