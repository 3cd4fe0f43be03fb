package hikyaku.app.command;

import hikyaku.protocol.address.AddressException;
import hikyaku.protocol.address.MailAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/**
 * A {@code .forward} file as sendmail and its successors read it: entries with commas or line ends
 * between them, comments behind {@code #} at the beginning of a line.
 */
final class ForwardFile {
  private ForwardFile() {}

  /**
   * The script that does the same.
   *
   * @param account the address of the account whose file it is
   * @throws IllegalArgumentException with a sentence, if it does what no script does
   */
  static String toSieve(String text, String account) {
    String domain = account.substring(account.lastIndexOf('@') + 1);
    boolean keep = false;
    SequencedSet<String> redirects = new LinkedHashSet<>();
    int line = 0;
    for (String each : text.split("\r\n|\r|\n", -1)) {
      line++;
      if (each.strip().startsWith("#")) {
        continue;
      }
      for (String entry : entries(each)) {
        String where = "line " + line + ": ";
        String bare = unquoted(entry);
        String user = bare.startsWith("\\") ? bare.substring(1) : bare;
        refuse(where, bare);
        MailAddress address = address(where, user.contains("@") ? user : user + "@" + domain);
        if (bare.startsWith("\\") || address.toString().equalsIgnoreCase(account)) {
          if (!address.toString().equalsIgnoreCase(account)) {
            throw new IllegalArgumentException(
                where + bare + " would put mail into another user's mailbox past its script");
          }
          keep = true;
        } else {
          redirects.add(address.toString());
        }
      }
    }
    StringBuilder script = new StringBuilder("# From a .forward file.\n");
    redirects.forEach(address ->
        script
            .append("redirect \"")
            .append(address.replaceAll("[\"\\\\]", "\\\\$0"))
            .append("\";\n"));
    return script.append(keep || redirects.isEmpty() ? "keep;\n" : "").toString();
  }

  private static void refuse(String where, String entry) {
    if (entry.startsWith("|")) {
      throw new IllegalArgumentException(
          where
              + entry
              + " is a program, and no programs are run for users; scripts have vacation, fileinto,"
              + " notify and more in place of them");
    }
    if (entry.startsWith("/") || entry.startsWith("~")) {
      throw new IllegalArgumentException(
          where + entry + " is a file; with fileinto mail goes into a mailbox");
    }
    if (entry.startsWith(":include:")) {
      throw new IllegalArgumentException(
          where + entry + " is a list of addresses; an alias is what that is here");
    }
  }

  private static MailAddress address(String where, String text) {
    try {
      return MailAddress.parse(text);
    } catch (AddressException e) {
      throw new IllegalArgumentException(where + text + " is no address", e);
    }
  }

  /** What stands between commas that are not in quotes. */
  private static List<String> entries(String line) {
    List<String> entries = new ArrayList<>();
    StringBuilder entry = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char next = line.charAt(i);
      quoted ^= next == '"';
      if (next == ',' && !quoted) {
        entries.add(entry.toString().strip());
        entry.setLength(0);
      } else {
        entry.append(next);
      }
    }
    entries.add(entry.toString().strip());
    return entries.stream().filter(each -> !each.isEmpty()).toList();
  }

  /** Quotes around all of an entry, as programs have them; those of a local part stay. */
  private static String unquoted(String entry) {
    boolean all = entry.length() > 1 && entry.startsWith("\"") && entry.endsWith("\"");
    return all ? entry.substring(1, entry.length() - 1).strip() : entry;
  }
}
