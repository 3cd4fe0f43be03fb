package hikyaku.protocol.sieve;

import hikyaku.protocol.address.MailAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What mailboxes, answers and notifications a run asks for. */
final class Sending {
  /** Characters of a subject that is made of another. */
  private static final int SUBJECT = 200;

  private static final int USUAL_IMPORTANCE = 2;

  /** RFC 5230 §5. */
  static final String HEADER_NOT_PLAIN = "a header of MIME is of ASCII";

  private final SieveMessage message;
  private final Surroundings surroundings;
  private final Run run;
  private final Watcher watcher;

  Sending(SieveMessage message, Surroundings surroundings, Run run, Watcher watcher) {
    this.message = message;
    this.surroundings = surroundings;
    this.run = run;
    this.watcher = watcher;
  }

  /** RFC 5232 §5: without flags of its own an action has those of the run. */
  List<String> flags(@Nullable List<Template> flags) throws RunException {
    return flags == null ? run.flags() : run.flags(run.expand(flags));
  }

  Action.FileInto into(Command.FileInto command) throws RunException {
    String mailbox = run.expand(command.mailbox());
    if (mailbox.isEmpty() || !run.cut(mailbox).equals(mailbox)) {
      throw run.problem("this can be no name of a mailbox");
    }
    return new Action.FileInto(
        mailbox,
        command.create(),
        flags(command.flags()),
        run.expandIfAny(command.specialUse()),
        run.expandIfAny(command.mailboxId()));
  }

  /** RFC 8580 §3: a copy has no flags but its own. */
  private Optional<Action.FileInto> copy(Command.@Nullable FileInto command) throws RunException {
    if (command == null) {
      return Optional.empty();
    }
    Action.FileInto into = into(command);
    return Optional.of(
        new Action.FileInto(
            into.mailbox(),
            into.create(),
            command.flags() == null ? List.of() : into.flags(),
            into.specialUse(),
            into.mailboxId()));
  }

  /** An answer, if there is to be one. */
  Optional<Action.Vacation> vacation(Command.Vacation command) throws RunException {
    String reason = run.expand(command.reason());
    Optional<String> subject = run.expandIfAny(command.subject());
    Optional<String> from = run.expandIfAny(command.from());
    List<MailAddress> more = new ArrayList<>();
    for (String address : run.expand(command.addresses())) {
      Addresses.parse(address).ifPresent(more::add);
    }
    if (command.mime() && !hasPlainHeader(reason)) {
      throw run.problem(HEADER_NOT_PLAIN);
    }
    String identity =
        run.expandIfAny(command.handle())
            .map(handle -> "handle " + handle)
            .orElseGet(() -> identity(command));
    Long seconds = command.seconds();
    OptionalLong period = seconds == null ? OptionalLong.empty() : OptionalLong.of(seconds);
    Optional<Action.FileInto> copy = copy(command.copy());
    Answering answering = new Answering(message, surroundings);
    Optional<String> obstacle = answering.obstacle();
    if (obstacle.isPresent()) {
      watcher.step(command.line(), "no answer to this message: " + obstacle.get());
      return Optional.empty();
    }
    Optional<MailAddress> named = answering.named(more);
    if (named.isEmpty()) {
      watcher.step(command.line(), "no answer: the message is addressed to no address of the user");
      return Optional.empty();
    }
    return Optional.of(
        new Action.Vacation(
            from(from)
                .orElseGet(() ->
                    new Author(named.filter(surroundings::isOwn).orElseGet(surroundings::own), "")),
            subject.orElseGet(this::subject),
            reason,
            command.mime(),
            identity,
            period,
            copy));
  }

  /**
   * Without a handle it is the answer that makes it what it is, as the script has it: variables
   * count by their names, or each of their values would be answered (RFC 5230 §4.2).
   */
  private static String identity(Command.Vacation command) {
    List<@Nullable Template> texts = new ArrayList<>();
    texts.add(command.subject());
    texts.add(command.from());
    texts.add(command.reason());
    return "answer " + command.mime() + texts;
  }

  /** RFC 5230 §5.3. */
  private String subject() {
    String about = message.text("subject");
    return about.isEmpty() ? "Automated reply" : cut("Auto: " + about);
  }

  /** Whether the header of a MIME entity has what a header may have (RFC 5230 §5). */
  static boolean hasPlainHeader(String entity) {
    String lines = entity.replaceAll("\r\n|\r", "\n");
    int end = lines.startsWith("\n") ? 0 : lines.indexOf("\n\n");
    return end < 0 || lines.substring(0, end).chars().allMatch(c -> c < 128);
  }

  /** Who sends, if the script says it: one of the user's addresses (RFC 5230 §4.3). */
  private Optional<Author> from(Optional<String> text) throws RunException {
    if (text.isPresent()) {
      run.ask();
    }
    return text.flatMap(Addresses::author).filter(author -> surroundings.isOwn(author.address()));
  }

  /** A notification, if there is to be one. */
  Optional<Action.Notify> notification(Command.Notify command) throws RunException {
    Optional<String> from = run.expandIfAny(command.from());
    Optional<String> importance = run.expandIfAny(command.importance());
    Optional<String> said = run.expandIfAny(command.message());
    Optional<Action.FileInto> copy = copy(command.copy());
    if (importance.filter(value -> !value.matches("[123]")).isPresent()) {
      throw run.problem(":importance is \"1\", \"2\" or \"3\"");
    }
    MailtoUri uri;
    try {
      uri = MailtoUri.parse(run.expand(command.method()));
    } catch (IllegalArgumentException e) {
      throw run.problem(String.valueOf(e.getMessage()));
    }
    if (Answering.isAutoSubmitted(message)) {
      // RFC 5436 §2.7: or two of them would notify each other for ever.
      watcher.step(command.line(), "no notification: a program sent the message");
      return Optional.empty();
    }
    return Optional.of(
        new Action.Notify(
            uri.to(),
            uri.cc(),
            from(from).orElseGet(() -> new Author(surroundings.own(), "")),
            importance.map(Integer::parseInt).orElse(USUAL_IMPORTANCE),
            said.or(uri::subject).map(Sending::cut).orElseGet(() -> cut(message.text("subject"))),
            uri.body()
                .orElseGet(() ->
                    "A message came.\n\nFrom: "
                        + cut(message.text("from"))
                        + "\nSubject: "
                        + cut(message.text("subject"))
                        + "\n"),
            copy));
  }

  private static String cut(String text) {
    String line = text.replaceAll("\\p{Cntrl}+", " ").strip();
    if (line.length() <= SUBJECT) {
      return line;
    }
    boolean half = Character.isHighSurrogate(line.charAt(SUBJECT - 1));
    return line.substring(0, half ? SUBJECT - 1 : SUBJECT);
  }
}
