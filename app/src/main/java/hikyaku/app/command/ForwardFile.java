package hikyaku.app.command;

import hikyaku.protocol.address.AddressException;
import hikyaku.protocol.address.MailAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.SequencedSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@code .forward} file as sendmail and its successors read it: entries with commas or line ends
 * between them, comments behind {@code #} at the beginning of a line. What no script does is left
 * out; then the message is kept, unless what was left out would not have stored it.
 */
final class ForwardFile {
  /** Characters; what is longer is something else. */
  private static final int LONGEST = 64 * 1024;

  private static final Pattern VACATION = Pattern.compile("[\\s|/'\"]vacation($|[\\s'\"])");
  private static final Pattern PROCMAIL = Pattern.compile("[\\s|/'\"]procmail($|[\\s'\"])");

  /** {@code Name <address>}. */
  private static final Pattern NAMED = Pattern.compile(".*<([^<>]+)>");

  private final String account;
  private final String domain;
  private final SequencedSet<String> redirects = new LinkedHashSet<>();
  private final List<LeftOut> leftOut = new ArrayList<>();
  private boolean keep;
  private boolean discard;

  private ForwardFile(String account) {
    this.account = account;
    this.domain = account.substring(account.lastIndexOf('@') + 1);
  }

  /**
   * What was made of a file.
   *
   * @param redirects how many addresses get the mail
   * @param leftOut what the script does not do that the file did
   */
  record Script(String sieve, int redirects, List<LeftOut> leftOut) {
    Script {
      leftOut = List.copyOf(leftOut);
    }
  }

  /**
   * An entry that is not taken.
   *
   * @param instead what to do about it, a sentence
   */
  record LeftOut(int line, String entry, String instead) {}

  /**
   * The script that does the same, as far as a script can.
   *
   * @param account the address of the account whose file it is
   * @throws IllegalArgumentException with a sentence, if it is no such file
   */
  static Script toSieve(String text, String account) {
    if (text.length() > LONGEST || text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("it is no list of addresses");
    }
    String first = text.lines().findFirst().orElse("").toLowerCase(Locale.ROOT);
    if (first.matches("#\\s*exim filter.*")) {
      throw new IllegalArgumentException("it is a filter of Exim, which must be written anew");
    }
    // Exim has users write scripts into this file, and tells them from lists by the first line.
    return first.matches("#\\s*sieve filter.*")
        ? new Script(text, 0, List.of())
        : new ForwardFile(account).script(text);
  }

  private Script script(String text) {
    int line = 0;
    for (String each : text.split("\r\n|\r|\n", -1)) {
      line++;
      if (!each.strip().startsWith("#")) {
        for (String entry : entries(each)) {
          take(line, unquoted(entry));
        }
      }
    }
    StringBuilder script = new StringBuilder("# From a .forward file.\n");
    for (LeftOut each : leftOut) {
      script
          .append("# Left out, line ")
          .append(each.line)
          .append(": ")
          .append(each.entry)
          .append("\n#   ")
          .append(each.instead)
          .append('\n');
    }
    redirects.forEach(address ->
        script
            .append("redirect \"")
            .append(address.replaceAll("[\"\\\\]", "\\\\$0"))
            .append("\";\n"));
    if (keep || (redirects.isEmpty() && !discard)) {
      script.append("keep;\n");
    } else if (redirects.isEmpty()) {
      script.append("discard;\n");
    }
    return new Script(script.toString(), redirects.size(), leftOut);
  }

  private void take(int line, String entry) {
    if (entry.startsWith("|")) {
      program(line, entry);
    } else if (entry.equals("/dev/null")) {
      discard = true;
    } else if (entry.startsWith("/") || entry.startsWith("~")) {
      leaveOut(line, entry, "With fileinto mail goes into a mailbox.");
      keep = true;
    } else if (entry.toLowerCase(Locale.ROOT).startsWith(":include:")) {
      leaveOut(line, entry, "Write a redirect for each address of that list, or make an alias.");
      keep = true;
    } else {
      address(line, entry);
    }
  }

  private void program(int line, String entry) {
    if (VACATION.matcher(entry).find()) {
      // It has only answered; whoever kept the message did so by another entry.
      leaveOut(line, entry, "To answer while away: require \"vacation\"; vacation \"TEXT\";");
      return;
    }
    leaveOut(
        line,
        entry,
        PROCMAIL.matcher(entry).find()
            ? "Its rules can be written in Sieve: fileinto, redirect, discard and more."
            : "No programs are run for users.");
    keep = true;
  }

  /** With a backslash it is a mailbox, and no file of its owner's is read. */
  private void address(int line, String entry) {
    String bare = entry.startsWith("\\") ? entry.substring(1) : entry;
    Matcher named = NAMED.matcher(bare);
    String text = named.matches() ? named.group(1) : bare;
    String address;
    try {
      address = MailAddress.parse(text.contains("@") ? text : text + "@" + domain).toString();
    } catch (AddressException e) {
      leaveOut(line, entry, "It is no address.");
      keep = true;
      return;
    }
    if (address.equalsIgnoreCase(account)) {
      keep = true;
    } else {
      redirects.add(address);
    }
  }

  private void leaveOut(int line, String entry, String instead) {
    leftOut.add(new LeftOut(line, Screen.printable(entry), instead));
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
