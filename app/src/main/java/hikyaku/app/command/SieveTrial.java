package hikyaku.app.command;

import hikyaku.app.Failure;
import hikyaku.app.transfer.LineEndings;
import hikyaku.protocol.address.AddressException;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.mime.MessageOctets;
import hikyaku.protocol.mime.MimeParser;
import hikyaku.protocol.sieve.Action;
import hikyaku.protocol.sieve.DeliveryTerms;
import hikyaku.protocol.sieve.Edition;
import hikyaku.protocol.sieve.ExternalList;
import hikyaku.protocol.sieve.Interpreter;
import hikyaku.protocol.sieve.Outcome;
import hikyaku.protocol.sieve.ScannerFields;
import hikyaku.protocol.sieve.Script;
import hikyaku.protocol.sieve.SieveException;
import hikyaku.protocol.sieve.SieveLimits;
import hikyaku.protocol.sieve.SieveMessage;
import hikyaku.protocol.sieve.Surroundings;
import hikyaku.protocol.sieve.Told;
import hikyaku.server.filter.AddressLists;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hikyaku sieve check} and {@code test}: of files alone, no data directory is needed. */
final class SieveTrial {
  private SieveTrial() {}

  /** {@code sieve check}. */
  @Command(name = "check", description = "Read a script and say what is wrong with it.")
  static final class Check implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "SCRIPT", description = "The script's file.")
    private Path script;

    @Override
    public Integer call() throws Failure {
      read(script);
      new Screen(spec.commandLine().getOut()).line("The script is in order.");
      return 0;
    }
  }

  /** {@code sieve test}. */
  @Command(
      name = "test",
      description = {
        "Say what a script would do with a message, step by step.",
        "Nothing is delivered or sent."
      })
  static final class Try implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "SCRIPT", description = "The script's file.")
    private Path script;

    @Parameters(index = "1", paramLabel = "MESSAGE", description = "The message's file.")
    private Path message;

    @Option(
        names = "--from",
        paramLabel = "ADDRESS",
        defaultValue = "",
        description = "The sender in the envelope; none if not given.")
    private String from;

    @Option(
        names = "--to",
        paramLabel = "ADDRESS",
        defaultValue = "user@localhost",
        description = "The recipient in the envelope; ${DEFAULT-VALUE} if not given.")
    private String to;

    @Option(
        names = "--mailbox",
        paramLabel = "NAME",
        description = "A mailbox that there is besides INBOX, for mailboxexists; repeat for more.")
    private List<String> mailboxes = List.of();

    @Option(
        names = "--metadata",
        paramLabel = "NAME=VALUE",
        description =
            "An annotation, for metadata and servermetadata: of a mailbox, as"
                + " INBOX/private/comment=x, or of the server, as /private/comment=x; repeat for"
                + " more.")
    private Map<String, String> metadata = Map.of();

    @Option(
        names = "--spam-field",
        paramLabel = "NAME",
        defaultValue = "",
        description = "The header field with the score of spam, for spamtest.")
    private String spamField;

    @Option(
        names = "--spam-score",
        paramLabel = "SCORE",
        defaultValue = "10",
        description = "The score from which on a message is spam; ${DEFAULT-VALUE} if not given.")
    private int spamScore;

    @Option(
        names = "--virus-field",
        paramLabel = "NAME",
        defaultValue = "",
        description = "The header field with what was found, for virustest.")
    private String virusField;

    @Option(
        names = "--envelope",
        paramLabel = "NAME=VALUE",
        description =
            "What the envelope has beside addresses: NOTIFY, ORCPT, RET, ENVID or BY, as MAIL and"
                + " RCPT have it, such as NOTIFY=NEVER or BY=600;R; repeat for more.")
    private Map<String, String> envelope = Map.of();

    @Option(names = "--seen", description = "The message came before, for duplicate.")
    private boolean seen;

    @Option(
        names = "--list",
        paramLabel = "NAME=FILE",
        description =
            "A list of addresses by its name in the script, with an address in each line of the"
                + " file; repeat for more. Other groups, and the address book if it is not given, are empty.")
    private Map<String, Path> lists = Map.of();

    private Map<String, ExternalList> lists() throws Failure {
      Map<String, ExternalList> read = new HashMap<>();
      for (Map.Entry<String, Path> each : lists.entrySet()) {
        if (!ExternalList.isName(each.getKey())) {
          throw new Failure("--list " + each.getKey() + ": a list is named by a URI.");
        }
        read.put(
            ExternalList.named(each.getKey()).toLowerCase(Locale.ROOT),
            AddressLists.book(new String(octets(each.getValue()), StandardCharsets.UTF_8)));
      }
      return read;
    }

    private MailAddress own() throws Failure {
      try {
        return MailAddress.parse(to).base('+');
      } catch (AddressException e) {
        throw new Failure("--to " + to + " is no address.", e);
      }
    }

    private DeliveryTerms terms() throws Failure {
      DeliveryTerms terms = DeliveryTerms.NONE;
      for (Map.Entry<String, String> each : envelope.entrySet()) {
        terms =
            terms
                .with(each.getKey(), each.getValue())
                .orElseThrow(() ->
                    new Failure(
                        "--envelope "
                            + each.getKey()
                            + "="
                            + each.getValue()
                            + ": an envelope has no such thing."));
      }
      return terms;
    }

    private ScannerFields scanned() throws Failure {
      try {
        return new ScannerFields(spamField, spamScore, virusField);
      } catch (IllegalArgumentException e) {
        throw new Failure(
            "--spam-field, --spam-score and --virus-field: " + e.getMessage() + ".", e);
      }
    }

    @Override
    public Integer call() throws Failure {
      Script checked = read(script);
      Screen screen = new Screen(spec.commandLine().getOut());
      Outcome outcome;
      try {
        outcome =
            Interpreter.run(
                checked,
                message(LineEndings.toNetwork(octets(message))),
                new Assumed(
                    Set.copyOf(mailboxes),
                    metadata,
                    own(),
                    seen,
                    terms(),
                    scanned(),
                    lists(),
                    script.toAbsolutePath()),
                SieveLimits.DEFAULTS,
                (line, sentence) -> screen.line("line " + line + ": " + sentence));
      } catch (UncheckedIOException e) {
        throw new Failure("A script cannot be read: " + e.getMessage() + ".", e);
      } catch (IOException e) {
        throw new Failure("The message cannot be read: " + e.getMessage() + ".", e);
      }
      screen.line("");
      screen.line(outcome.actions().isEmpty() ? "Then: discard the message." : "Then:");
      for (int i = 0; i < outcome.actions().size(); i++) {
        Action action = outcome.actions().get(i);
        screen.line("  " + Told.of(action) + changed(action, outcome.editions().get(i)));
      }
      outcome.actions().stream()
          .flatMap(Try::filed)
          .filter(into -> !into.create() && !isThere(into.mailbox()))
          .map(Action.FileInto::mailbox)
          .distinct()
          .forEach(name ->
              screen.line(
                  "If the account has no mailbox "
                      + name
                      + ", the message is kept in INBOX and nothing else is done."));
      Optional<Outcome.Problem> problem = outcome.problem();
      if (problem.isPresent()) {
        throw new Failure(
            "The script fails in line "
                + problem.get().line()
                + ": "
                + problem.get().sentence()
                + ".");
      }
      return 0;
    }

    private boolean isThere(String mailbox) {
      return mailbox.equalsIgnoreCase("INBOX") || mailboxes.contains(mailbox);
    }

    /** What goes into a mailbox that must be there when the script runs. */
    private static Stream<Action.FileInto> filed(Action action) {
      return switch (action) {
        case Action.FileInto into -> Stream.of(into);
        case Action.Vacation vacation -> vacation.copy().stream();
        case Action.Notify notify -> notify.copy().stream();
        case Action.Keep _, Action.Redirect _, Action.Reject _ -> Stream.empty();
      };
    }

    private static String changed(Action action, Optional<Edition> edition) {
      return switch (action) {
        case Action.Keep _, Action.FileInto _, Action.Redirect _ ->
            edition.map(made -> ", changed to " + made.size() + " octets").orElse("");
        case Action.Vacation _, Action.Reject _, Action.Notify _ -> "";
      };
    }

    private SieveMessage message(byte[] octets) throws IOException {
      MimeParser parser = new MimeParser();
      parser.write(octets, 0, octets.length);
      return new SieveMessage(
          new byte[0], parser.finish(), MessageOctets.of(octets), from, to, SieveLimits.DEFAULTS);
    }
  }

  private static Script read(Path script) throws Failure {
    try {
      return Script.read(octets(script), SieveLimits.DEFAULTS);
    } catch (SieveException e) {
      throw new Failure(script + " is not in order. At " + e.told() + ".", e);
    }
  }

  /** What a file has. */
  static byte[] octets(Path file) throws Failure {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new Failure("The file " + file + " cannot be read: " + e.getMessage() + ".", e);
    }
  }

  /** A list that is empty. */
  private record Nobody() implements ExternalList {
    @Override
    public boolean has(MailAddress address) {
      return false;
    }

    @Override
    public List<MailAddress> recipients() {
      return List.of();
    }
  }

  /**
   * What a trial has around it.
   *
   * @param mailboxes besides INBOX
   * @param own the user's address
   * @param seen whether the message came before
   * @param terms what the envelope has beside addresses
   * @param scanned where scanners have written
   * @param lists that somebody is in, by their names in small letters
   * @param script the file beside which included scripts are
   */
  private record Assumed(
      Set<String> mailboxes,
      Map<String, String> metadata,
      MailAddress own,
      boolean seen,
      DeliveryTerms terms,
      ScannerFields scanned,
      Map<String, ExternalList> lists,
      Path script)
      implements Surroundings {
    @Override
    public boolean mailboxIdExists(String id) {
      return false;
    }

    @Override
    public Optional<ExternalList> list(String name) {
      ExternalList given = lists.get(name.toLowerCase(Locale.ROOT));
      if (given != null) {
        return Optional.of(given);
      }
      // As on a node, where there is nothing else.
      boolean could =
          name.equals(ExternalList.DEFAULT_BOOK)
              || name.toLowerCase(Locale.ROOT).startsWith("tag:");
      return could ? Optional.of(new Nobody()) : Optional.empty();
    }

    @Override
    public boolean isOwn(MailAddress address) {
      return address.base('+').toString().equalsIgnoreCase(own.toString());
    }

    @Override
    public boolean seenBefore(String handle, String id) {
      return seen;
    }

    @Override
    public Optional<Script> included(String name, boolean global) throws SieveException {
      if (name.indexOf('/') >= 0 || name.indexOf('\\') >= 0 || name.indexOf('\0') >= 0) {
        return Optional.empty();
      }
      for (String file : List.of(name, name + ".sieve")) {
        Path beside = script.resolveSibling(file);
        if (Files.isRegularFile(beside)) {
          try {
            return Optional.of(Script.read(Files.readAllBytes(beside), SieveLimits.DEFAULTS));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      }
      return Optional.empty();
    }

    @Override
    public Instant now() {
      return Instant.now();
    }

    @Override
    public ZoneId zone() {
      return ZoneId.systemDefault();
    }

    @Override
    public String separators() {
      return "+";
    }

    @Override
    public boolean mailboxExists(String name) {
      return name.equalsIgnoreCase("INBOX") || mailboxes.contains(name);
    }

    @Override
    public Optional<String> annotation(@Nullable String mailbox, String entry) {
      return Optional.ofNullable(metadata.get((mailbox == null ? "" : mailbox) + entry));
    }

    @Override
    public boolean hasSpecialUse(@Nullable String mailbox, String use) {
      return false;
    }

    @Override
    public Optional<String> environment(String item) {
      return Optional.ofNullable(
          Map.of("name", "Hikyaku", "location", "MDA", "phase", "during").get(item));
    }
  }
}
