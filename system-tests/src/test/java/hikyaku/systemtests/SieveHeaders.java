package hikyaku.systemtests;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.fixtures.SieveCases.Trial;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which messages a script leaves, and with which header fields: a line for each that is in a
 * mailbox or was sent on, with its fields in their order, unfolded and decoded.
 */
final class SieveHeaders {
  private static final Pattern WORD =
      Pattern.compile("=\\?utf-8\\?([bq])\\?([^ ?]*)\\?=", Pattern.CASE_INSENSITIVE);
  private static final Pattern STORE = Pattern.compile("store (.*?)(?: create)?(?: \\[.*])?");
  private static final Pattern SENT_ON = Pattern.compile("redirect action: forwarded to <([^>]*)>");

  /**
   * Two fields that Pigeonhole writes into each message that it sends on, one that it writes if
   * there is none, and one that it takes away. We send on what came.
   */
  private static final Pattern OF_REDIRECT =
      Pattern.compile(
          "(?m)^(?:X-Sieve: |X-Sieve-Redirected-From: |Message-ID: <dovecot-sieve-|Return-Path: ).*\\n");

  private SieveHeaders() {}

  /** What is left here. Nothing comes to the same place twice. */
  static List<String> ours(Trial trial) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < trial.then().size(); i++) {
      String action =
          trial.then().get(i).equals("discard") ? "" : SieveWords.words(trial.then().get(i));
      Matcher store = STORE.matcher(action);
      if (store.matches() || action.startsWith("redirect ")) {
        String header = trial.headers().getOrDefault(i + 1, trial.message());
        lines.add(
            store.matches()
                ? line("in " + store.group(1), header)
                : line(action, asSentOn(header)));
      }
    }
    return lines.stream().distinct().sorted().toList();
  }

  /** The mailboxes that we file into, but for INBOX. */
  static List<String> mailboxes(Trial trial) {
    return trial.then().stream()
        .filter(action -> !action.equals("discard"))
        .map(action -> STORE.matcher(SieveWords.words(action)))
        .filter(Matcher::matches)
        .map(store -> store.group(1))
        .filter(mailbox -> !mailbox.equals("INBOX"))
        .distinct()
        .toList();
  }

  /**
   * What is left there.
   *
   * @param mailboxes a Maildir whose mailboxes are directories below it
   * @param output what sieve-test said while it carried out what it had planned
   */
  static List<String> theirs(Path mailboxes, String output) throws IOException {
    List<String> lines = new ArrayList<>();
    List<Path> files;
    try (Stream<Path> all = Files.walk(mailboxes)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      Path directory = file.getParent();
      if (directory.endsWith("new") || directory.endsWith("cur")) {
        String name = mailboxes.relativize(directory.getParent()).toString();
        lines.add(
            line(
                "in " + (name.isEmpty() ? "INBOX" : Pigeonhole.unmodified(name)),
                Files.readString(file, UTF_8).replace("\r\n", "\n")));
      }
    }
    String[] sent = output.split("sieve-test: Info: sending message from <[^>]*>:\n");
    for (int i = 1; i < sent.length; i++) {
      Matcher to = SENT_ON.matcher(sent[i]);
      if (to.find()) {
        lines.add(line("redirect " + to.group(1), asSentOn(sent[i].replace("\r\n", "\n"))));
      }
    }
    return lines.stream().sorted().toList();
  }

  private static String asSentOn(String message) {
    return OF_REDIRECT.matcher(message).replaceAll("");
  }

  private static String line(String place, String message) {
    String header =
        message.startsWith("\n")
            ? ""
            : message.contains("\n\n")
                ? message.substring(0, message.indexOf("\n\n"))
                : message.stripTrailing();
    String unfolded = decoded(header.replaceAll("\n([ \t])", "$1"));
    return place + ": " + String.join(" | ", unfolded.replace("\t", "\\t").lines().toList());
  }

  /** RFC 2047, of UTF-8 alone. */
  private static String decoded(String field) {
    String joined = field.replaceAll("\\?=[ \t]+=\\?", "?==?");
    return WORD.matcher(joined)
        .replaceAll(found ->
            Matcher.quoteReplacement(new String(octets(found.group(1), found.group(2)), UTF_8)));
  }

  private static byte[] octets(String encoding, String text) {
    return encoding.equalsIgnoreCase("b")
        ? Base64.getDecoder().decode(text)
        : Pattern.compile("=([0-9A-F]{2})")
            .matcher(text.replace('_', ' '))
            .replaceAll(found ->
                Matcher.quoteReplacement(
                    String.valueOf((char) Integer.parseInt(found.group(1), 16))))
            .getBytes(ISO_8859_1);
  }
}
