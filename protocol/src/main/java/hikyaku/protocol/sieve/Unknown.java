package hikyaku.protocol.sieve;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What people are told of extensions that are not here, which scripts from elsewhere require. */
final class Unknown {
  private Unknown() {}

  /**
   * All of them, and for those that many scripts have what to do.
   *
   * @param names as the script has them
   */
  static String sentence(List<String> names) {
    String all =
        names.stream()
            .map(name -> "\"" + name + "\"")
            .collect(Collectors.joining(", ", "there is no extension ", " here"));
    return names.stream()
        .map(Unknown::advice)
        .filter(advice -> !advice.isEmpty())
        .distinct()
        .map("; "::concat)
        .collect(Collectors.joining("", all, ""));
  }

  private static String advice(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "imapflags" -> "imapflags has become imap4flags, and mark is addflag \"\\\\Flagged\"";
      case "notify" ->
          "notify has become enotify, with the method last: notify \"mailto:...\";"
              + " leave it out if nothing is notified";
      case "keep", "discard", "redirect", "stop" -> name + " needs no require";
      case "vnd.dovecot.debug" -> "leave debug_log out: a trial tells each step";
      case "vnd.dovecot.execute", "vnd.dovecot.filter", "vnd.dovecot.pipe" ->
          "scripts run no programs";
      default -> "";
    };
  }
}
