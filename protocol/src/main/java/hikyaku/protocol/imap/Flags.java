package hikyaku.protocol.imap;

import java.util.List;

/** The flags that IMAP itself defines (RFC 9051 §2.3.2). */
public final class Flags {
  public static final String ANSWERED = "\\Answered";
  public static final String FLAGGED = "\\Flagged";
  public static final String DELETED = "\\Deleted";
  public static final String SEEN = "\\Seen";
  public static final String DRAFT = "\\Draft";

  /** IMAP4rev1 only; told and never set. */
  public static final String RECENT = "\\Recent";

  /** The flags a client may set. */
  public static final List<String> SYSTEM = List.of(ANSWERED, FLAGGED, DELETED, SEEN, DRAFT);

  private Flags() {}

  /** The usual spelling of a system flag that a client may set. */
  static String system(String nameWithoutBackslash) throws SyntaxException {
    for (String flag : SYSTEM) {
      if (Text.equalsIgnoreCase(flag.substring(1), nameWithoutBackslash)) {
        return flag;
      }
    }
    throw SyntaxException.bad("Unknown system flag");
  }
}
