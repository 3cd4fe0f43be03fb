package hikyaku.mailbox;

/**
 * What a mailbox or a folder tree refuses, as a closed set. Messages are safe to show to the user
 * concerned; protocol servers choose the reply by the class.
 */
public abstract sealed class MailboxException extends RuntimeException {
  private MailboxException(String message) {
    super(message);
  }

  /** The mailbox was deleted, perhaps while it was open. */
  public static final class Gone extends MailboxException {
    public Gone() {
      super("The mailbox has been deleted");
    }
  }

  /**
   * A session that was carried on asks about a past that the log has forgotten, and cannot go on:
   * IMAP BYE.
   */
  public static final class TooFarBehind extends MailboxException {
    public TooFarBehind() {
      super("Too much has happened in the mailbox since");
    }
  }

  /** No mailbox of this name: IMAP NO [NONEXISTENT] or [TRYCREATE]. */
  public static final class Nonexistent extends MailboxException {
    public Nonexistent() {
      super("There is no such mailbox");
    }
  }

  /** The name is taken: IMAP NO [ALREADYEXISTS]. */
  public static final class AlreadyExists extends MailboxException {
    public AlreadyExists() {
      super("A mailbox of this name exists");
    }
  }

  /** The name cannot be a mailbox's: IMAP NO [CANNOT]. */
  public static final class InvalidName extends MailboxException {
    public InvalidName(String why) {
      super(why);
    }
  }

  /** INBOX cannot be deleted, and the like: IMAP NO [CANNOT]. */
  public static final class NotAllowed extends MailboxException {
    public NotAllowed(String why) {
      super(why);
    }
  }

  /** One who may see the mailbox may not do that with it: IMAP NO [NOPERM] (RFC 4314 §4). */
  public static final class NotPermitted extends MailboxException {
    public NotPermitted() {
      super("You do not have the right to do that");
    }
  }

  /** A special use was asked for that cannot be given: IMAP NO [USEATTR] (RFC 6154 §3). */
  public static final class SpecialUseTaken extends MailboxException {
    public SpecialUseTaken() {
      super("Another mailbox has this special use");
    }
  }

  /** A named limit: IMAP NO [LIMIT]. */
  public static final class LimitReached extends MailboxException {
    public LimitReached(String what, long limit) {
      super("No more than " + limit + " " + what);
    }
  }

  /** A folder has as many annotations as it may: IMAP NO [METADATA TOOMANY] (RFC 5464 §4.3). */
  public static final class TooManyAnnotations extends MailboxException {
    public TooManyAnnotations(int limit) {
      super("No more than " + limit + " annotations");
    }
  }

  /** IMAP NO [OVERQUOTA], SMTP 452 4.2.2 or 552 5.2.2. */
  public static final class OverQuota extends MailboxException {
    public OverQuota() {
      super("The mailbox is full");
    }
  }
}
