package hikyaku.mailbox.account;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MailboxLimits;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;

/** The rules of folder names. */
public final class FolderName {
  public static final char SEPARATOR = '/';

  private FolderName() {}

  /**
   * The name as the tree keeps it: INBOX in upper case, also as the first level; Unicode in NFC
   * (RFC 9051 §5.1); without a trailing separator. The name of a canonical name is itself: one with
   * two separators at its end keeps both, and is no name.
   */
  public static String canonical(String name) {
    int last = name.length() - 1;
    boolean trailing =
        last > 0 && name.charAt(last) == SEPARATOR && name.charAt(last - 1) != SEPARATOR;
    String trimmed = trailing ? name.substring(0, last) : name;
    String normal = composed(trimmed);
    int level = Folder.INBOX.length();
    boolean inbox =
        normal.regionMatches(true, 0, Folder.INBOX, 0, level)
            && (normal.length() == level || normal.charAt(level) == SEPARATOR);
    return inbox ? Folder.INBOX + normal.substring(level) : normal;
  }

  /** Unicode in NFC (RFC 9051 §5.1), as names have it. */
  public static String composed(String name) {
    return Normalizer.normalize(name, Normalizer.Form.NFC);
  }

  /**
   * @param name canonical
   * @throws MailboxException.InvalidName if no folder may have it
   */
  static void check(String name, MailboxLimits limits) {
    if (name.isEmpty()) {
      throw new MailboxException.InvalidName("A mailbox needs a name");
    }
    if (name.getBytes(StandardCharsets.UTF_8).length > limits.nameOctets()) {
      throw new MailboxException.InvalidName("The name is too long");
    }
    String[] levels = name.split(String.valueOf(SEPARATOR), -1);
    if (levels.length > limits.depth()) {
      throw new MailboxException.InvalidName("The name has too many levels");
    }
    for (String level : levels) {
      if (level.isEmpty() || level.equals(".") || level.equals("..")) {
        throw new MailboxException.InvalidName("A level of the name is empty or made of dots");
      }
    }
    // Line and paragraph separators, the noncharacters' smaller relatives, break what shows names.
    boolean unseemly =
        name.codePoints()
            .anyMatch(c ->
                Character.isISOControl(c)
                    || c == 0x2028
                    || c == 0x2029
                    || c == 0xFFFD
                    || (c >= 0xD800 && c <= 0xDFFF)
                    || c == '*'
                    || c == '%');
    if (unseemly) {
      throw new MailboxException.InvalidName("The name has a character that no name may have");
    }
  }

  /** The name one level above; empty for one at the top. */
  public static String parent(String name) {
    int at = name.lastIndexOf(SEPARATOR);
    return at < 0 ? "" : name.substring(0, at);
  }
}
