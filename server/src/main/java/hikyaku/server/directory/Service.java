package hikyaku.server.directory;

/** What an account may be allowed to use, each apart from the others. */
public enum Service {
  IMAP,
  POP3,
  SUBMISSION,
  MANAGESIEVE,
  JMAP
}
