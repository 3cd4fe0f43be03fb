package hikyaku.server.auth;

import hikyaku.server.directory.Service;

/**
 * Sessions that one account may have at once. Beyond a limit a login is {@link
 * LoginResult.TooManySessions}.
 *
 * @param imap 50: clients keep one for each folder they watch, on each device
 * @param pop3 5: POP3 wants the maildrop alone, so more than a few are strays
 * @param submission 20: a client sends few messages at a time
 * @param managesieve 5
 * @param jmap 50: requests under way, not logins of browsers
 * @param total 100, over all services
 */
public record SessionLimits(
    int imap, int pop3, int submission, int managesieve, int jmap, int total) {
  public static final SessionLimits DEFAULTS = new SessionLimits(50, 5, 20, 5, 50, 100);

  int of(Service service) {
    return switch (service) {
      case IMAP -> imap;
      case POP3 -> pop3;
      case SUBMISSION -> submission;
      case MANAGESIEVE -> managesieve;
      case JMAP -> jmap;
    };
  }
}
