package hikyaku.systemtests;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.fixtures.SieveCases.Case;
import hikyaku.fixtures.SieveCases.Trial;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Runs cases through sieve-test of Dovecot's Pigeonhole. It needs root, which that gives up. */
final class Pigeonhole {
  /**
   * What a case came to there.
   *
   * @param lines as {@link SieveWords} puts them
   * @param left as {@link SieveHeaders} puts them; empty if nothing was carried out
   * @param lacking the extension that is not there, if that is why
   */
  record Verdict(List<String> lines, List<String> left, Optional<String> lacking) {
    Verdict(List<String> lines) {
      this(lines, List.of(), Optional.empty());
    }
  }

  private static final String CONFIGURATION =
      """
      log_path = /dev/stderr
      mail_uid = mail
      mail_gid = mail
      first_valid_uid = 1
      first_valid_gid = 1
      mail_home = @DIR@
      mail_location = maildir:@DIR@/none:LAYOUT=fs
      plugin {
        sieve = file:@DIR@/personal
        sieve_global = @DIR@/global
        sieve_extensions = +editheader +spamtest +spamtestplus +virustest +vacation-seconds +special-use
        sieve_vacation_min_period = 0
        sieve_editheader_protected = received
        recipient_delimiter = +
        sieve_spamtest_status_type = score
        sieve_spamtest_status_header = @SPAM@: (-?[[:digit:]]+(\\.[[:digit:]]+)?).*
        sieve_spamtest_max_value = 10
        sieve_virustest_status_type = text
        sieve_virustest_status_header = @VIRUS@: (.*)
        sieve_virustest_text_value1 = clean
        sieve_virustest_text_value5 = infected
      }
      """;

  private static final String ANSWER = "vacation ";
  private static final Pattern NO_ANSWER =
      Pattern.compile("(discard\\w+|not sending) vacation re(sponse|ply)");
  private static final Pattern PLACE = Pattern.compile("(?:\\S+: )?line (\\d+): error: (.*)");
  private static final Pattern UNKNOWN = Pattern.compile("unknown Sieve capability `(.*)'");

  private final Path directory;
  private final Case of;

  /**
   * @param directory its own; who runs them there, mail, must own it once it is prepared
   */
  Pigeonhole(Path directory, Case of) {
    this.directory = directory;
    this.of = of;
  }

  /** Puts the files of the case where they are looked for. */
  void prepare() throws IOException {
    if (of.wrong().isPresent()) {
      prepare(at(0), Map.of(), Optional.empty());
    }
    for (Trial trial : of.trials()) {
      prepare(at(trial.number()), trial.given(), Optional.of(trial));
    }
  }

  private Path at(int trial) {
    return directory.resolve(Integer.toString(trial));
  }

  /** What sievec says of a script. */
  Verdict compiled() throws Exception {
    Path at = at(0);
    Ran ran =
        Ran.in(
            at,
            "sievec",
            "-c",
            at.resolve("dovecot.conf").toString(),
            at.resolve("main.sieve").toString(),
            at.resolve("main.svbin").toString());
    return ran.exit() == 0 ? new Verdict(List.of("in order")) : refused(text(ran));
  }

  /**
   * What sieve-test makes of a message. What it has planned it says, and then it carries that out:
   * whether an answer is due shows only then, and what is left.
   */
  Verdict ran(Trial trial) throws Exception {
    Verdict planned = planned(output(trial, "mail", List.of()));
    List<String> lines = planned.lines();
    if (lines.stream().noneMatch(line -> line.matches("(store|redirect|" + ANSWER + ").*"))) {
      return planned;
    }
    String output = output(trial, "filed", List.of("-e"));
    if (NO_ANSWER.matcher(output).find()) {
      lines = SieveWords.sorted(lines.stream().filter(line -> !line.startsWith(ANSWER)).toList());
    }
    Path mailboxes = at(trial.number()).resolve("filed");
    return new Verdict(lines, SieveHeaders.theirs(mailboxes, output), Optional.empty());
  }

  private String output(Trial trial, String mailboxes, List<String> options) throws Exception {
    Path at = at(trial.number());
    String to = trial.one("to").orElse("user@example.org");
    List<String> command =
        new ArrayList<>(
            List.of(
                "sieve-test",
                "-C",
                "-c",
                at.resolve("dovecot.conf").toString(),
                "-l",
                "maildir:" + at.resolve(mailboxes) + ":LAYOUT=fs",
                "-f",
                trial.one("from").orElse("sender@example.com"),
                "-a",
                to,
                "-r",
                trial.one("own").orElse(to)));
    command.addAll(options);
    command.add(at.resolve("main.sieve").toString());
    command.add(at.resolve("message").toString());
    return text(Ran.in(at, command.toArray(String[]::new)));
  }

  private static String text(Ran ran) {
    return new String(ran.output().getBytes(ISO_8859_1), UTF_8);
  }

  private static Verdict planned(String output) {
    if (output.contains("failed to compile")) {
      return refused(output);
    }
    List<String> errors =
        output
            .lines()
            .map(PLACE::matcher)
            .filter(Matcher::find)
            .map(place -> "fails in line " + place.group(1))
            .limit(1)
            .toList();
    if (errors.isEmpty() && output.contains("final result: failed")) {
      return new Verdict(List.of("fails"));
    }
    if (errors.isEmpty() && output.isBlank()) {
      return new Verdict(List.of("crashes"));
    }
    return new Verdict(errors.isEmpty() ? done(output) : errors);
  }

  private static Verdict refused(String output) {
    Optional<String> lacking =
        UNKNOWN.matcher(output).results().findFirst().map(found -> found.group(1));
    List<String> lines =
        output
            .lines()
            .map(PLACE::matcher)
            .filter(Matcher::find)
            .map(place -> "refused in line " + place.group(1))
            .limit(1)
            .toList();
    if (lines.isEmpty()) {
      throw new AssertionError("it says no line: " + output);
    }
    return new Verdict(lines, List.of(), lacking);
  }

  private void prepare(Path at, Map<String, List<String>> given, Optional<Trial> trial)
      throws IOException {
    Files.createDirectories(at);
    boolean crlf = given.containsKey("crlf");
    write(at.resolve("main.sieve"), of.script(), crlf);
    Files.createDirectories(at.resolve("personal"));
    Files.createDirectories(at.resolve("global"));
    for (Map.Entry<String, String> each : of.included().entrySet()) {
      boolean global = each.getKey().startsWith("global ");
      String name = global ? each.getKey().substring("global ".length()) : each.getKey();
      write(
          at.resolve(global ? "global" : "personal").resolve(name + ".sieve"),
          each.getValue(),
          false);
    }
    if (trial.isPresent()) {
      write(at.resolve("message"), trial.get().message(), true);
    }
    List<String> mailboxes = given.getOrDefault("mailbox", List.of());
    maildir(at.resolve("mail"), mailboxes);
    // It makes no mailboxes by itself, so that those must be there that are filed into.
    boolean asks = (of.script() + of.included()).contains("mailboxexists");
    maildir(
        at.resolve("filed"),
        asks || trial.isEmpty() ? mailboxes : SieveHeaders.mailboxes(trial.get()));
    Files.writeString(
        at.resolve("dovecot.conf"),
        CONFIGURATION
            .replace("@DIR@", at.toString())
            .replace("@SPAM@", only(given, "spam-field"))
            .replace("@VIRUS@", only(given, "virus-field")));
  }

  private static void maildir(Path directory, List<String> mailboxes) throws IOException {
    Files.createDirectories(directory);
    for (String mailbox : mailboxes) {
      for (String part : List.of("cur", "new", "tmp")) {
        Files.createDirectories(directory.resolve(modified(mailbox)).resolve(part));
      }
    }
  }

  /** As IMAP and its file names have it (RFC 3501 §5.1.3). */
  private static String modified(String mailbox) {
    return Pattern.compile("[^ -~]+")
        .matcher(mailbox.replace("&", "&-"))
        .replaceAll(found ->
            "&"
                + Base64.getEncoder()
                    .withoutPadding()
                    .encodeToString(found.group().getBytes(UTF_16BE))
                    .replace('/', ',')
                + "-");
  }

  /** The other way round. */
  static String unmodified(String mailbox) {
    return Pattern.compile("&([^-]*)-")
        .matcher(mailbox)
        .replaceAll(found ->
            Matcher.quoteReplacement(
                found.group(1).isEmpty()
                    ? "&"
                    : new String(
                        Base64.getDecoder().decode(found.group(1).replace(',', '/')), UTF_16BE)));
  }

  private static String only(Map<String, List<String>> given, String name) {
    return given.getOrDefault(name, List.of("X-None")).getFirst();
  }

  private static void write(Path file, String text, boolean crlf) throws IOException {
    Files.writeString(file, crlf ? text.replace("\n", "\r\n") : text, UTF_8);
  }

  /** Reads the list of actions, each with its details indented below it. */
  private static List<String> done(String output) {
    int from = output.indexOf("Performed actions:");
    if (from < 0) {
      throw new AssertionError("it says no actions: " + output);
    }
    List<String> lines = new ArrayList<>();
    String action = "";
    StringBuilder details = new StringBuilder();
    for (String line : output.substring(from).lines().toList()) {
      if (line.startsWith(" * ") || line.startsWith("Implicit keep:")) {
        add(action, details.toString(), lines);
        action = line.startsWith(" * ") ? line.substring(3) : "";
        details.setLength(0);
      } else {
        details.append(line).append('\n');
      }
    }
    add(action, details.toString(), lines);
    return SieveWords.sorted(lines);
  }

  private static String named(String mailbox) {
    return mailbox.isEmpty() ? "(nothing)" : mailbox;
  }

  private static void add(String action, String details, List<String> lines) {
    if (action.startsWith("store message in folder: ")) {
      String flags = detail(details, "+ add IMAP flags:");
      lines.add(
          "store "
              + named(action.substring(action.indexOf(':') + 2))
              + (details.contains("+ create mailbox") ? " create" : "")
              + (flags.isEmpty() ? "" : " " + SieveWords.flags(flags.split(" "))));
    } else if (action.startsWith("redirect message to: ")) {
      lines.add(
          "redirect "
              + action
                  .substring(action.indexOf('<') + 1, action.indexOf('>'))
                  .toLowerCase(Locale.ROOT));
    } else if (action.startsWith("send vacation message:")) {
      String subject = detail(details, "=> subject :");
      lines.add(
          "vacation "
              + detail(details, "=> seconds :")
              + (subject.isEmpty() ? "" : " \"" + subject + "\""));
    } else if (action.startsWith("send notification")) {
      lines.add(
          "notify "
              + recipients(details)
              + " "
              + detail(details, "=> importance   :")
              + " \""
              + detail(details, "=> subject      :")
              + "\"");
    } else if (action.startsWith("reject message with reason: ")) {
      lines.add(
          "reject " + SieveWords.plain(action.substring(action.indexOf(':') + 2) + " " + details));
    } else if (!action.isEmpty()
        && !action.startsWith("discard")
        && !action.startsWith("track duplicate")) {
      throw new AssertionError("not understood: " + action);
    }
  }

  private static String recipients(String details) {
    return details
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith("+ To: ") || line.startsWith("+ Cc: "))
        .map(line -> line.substring("+ To: ".length()))
        .collect(Collectors.joining(", "));
  }

  private static String detail(String details, String name) {
    return details
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()).strip())
        .findFirst()
        .orElse("");
  }
}
