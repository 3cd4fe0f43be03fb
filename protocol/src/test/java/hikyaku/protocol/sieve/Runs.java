package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.mime.MessageOctets;
import hikyaku.protocol.mime.MimeParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs scripts over messages for tests. */
final class Runs {
  /** A message of RFC 5228's kind. */
  static final String MESSAGE =
      """
      Received: from a by b; Mon, 5 Jan 2026 10:00:00 +0000
      Received: from c by a; Mon, 5 Jan 2026 09:59:59 +0000
      From: "Coyote, W." <coyote@desert.example.org>
      To: roadrunner@acme.example.com, "Other" <other+list@example.com>
      Subject: I have a present for you
      Date: Mon, 05 Jan 2026 18:30:00 +0900

      Look, I'm sorry about the whole anvil thing.
      """;

  /** Scripts that others include, by name. */
  static final Map<String, String> INCLUDED = new HashMap<>();

  private Runs() {}

  static Script script(String text) {
    try {
      return Script.read(text.getBytes(UTF_8), SieveLimits.DEFAULTS);
    } catch (SieveException e) {
      throw new AssertionError(e.told(), e);
    }
  }

  static SieveMessage message(String text) {
    return message(text, "coyote@desert.example.org");
  }

  private static SieveMessage message(String text, String from) {
    byte[] octets = text.replace("\n", "\r\n").getBytes(UTF_8);
    MimeParser parser = new MimeParser();
    parser.write(octets, 0, octets.length);
    try {
      return new SieveMessage(
          new byte[0],
          parser.finish(),
          MessageOctets.of(octets),
          from,
          "roadrunner+fast@acme.example.com",
          SieveLimits.DEFAULTS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Outcome outcome(String script, String message, SieveLimits limits) {
    try {
      return Interpreter.run(script(script), message(message), new World(), limits, Watcher.NONE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The message that the last action is about, if the script changed it; octets, one per char. */
  static Optional<String> last(String script, String message) {
    return editions(script, message).getLast();
  }

  /** The same for each action. */
  static List<Optional<String>> editions(String script, String message) {
    Outcome outcome = outcome(script, message, SieveLimits.DEFAULTS);
    outcome
        .problem()
        .ifPresent(problem -> {
          throw new AssertionError("line " + problem.line() + ": " + problem.sentence());
        });
    byte[] octets = message.replace("\n", "\r\n").getBytes(UTF_8);
    return outcome.editions().stream()
        .map(edition -> edition.map(made -> written(made, octets)))
        .toList();
  }

  static String written(Edition edition, byte[] message) {
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    try {
      edition.writeTo(MessageOctets.of(message), written::write);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertThat(written.size()).isEqualTo(edition.size());
    return written.toString(ISO_8859_1);
  }

  /** The actions in words; of a failed run the problem. */
  static String run(String script, String message) {
    Outcome outcome = outcome(script, message, SieveLimits.DEFAULTS);
    return outcome
        .problem()
        .map(problem -> "line " + problem.line() + ": " + problem.sentence())
        .orElseGet(() -> words(outcome));
  }

  /** The same for a message with another sender in the envelope. */
  static String runFrom(String script, String message, String from) {
    try {
      return words(
          Interpreter.run(
              script(script),
              message(message, from),
              new World(),
              SieveLimits.DEFAULTS,
              Watcher.NONE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String words(Outcome outcome) {
    List<String> words = outcome.actions().stream().map(Runs::word).toList();
    return words.isEmpty() ? "discard" : String.join("; ", words);
  }

  static String word(Action action) {
    return switch (action) {
      case Action.Keep(List<String> flags, boolean implicit) ->
          (implicit ? "implicit keep" : "keep") + with(flags);
      case Action.FileInto into ->
          "fileinto "
              + into.mailbox()
              + (into.create() ? " create" : "")
              + into.mailboxId().map(id -> " " + id).orElse("")
              + into.specialUse().map(use -> " " + use).orElse("")
              + with(into.flags());
      case Action.Redirect(String address, DeliveryTerms terms) -> "redirect " + address + terms;
      case Action.Vacation vacation ->
          "vacation "
              + vacation.from()
              + " \""
              + vacation.subject()
              + "\""
              + (vacation.seconds().isPresent() ? " " + vacation.seconds().getAsLong() : "")
              + vacation.copy().map(into -> " " + word(into)).orElse("");
      case Action.Reject reject ->
          (reject.atOnce() ? "ereject " : "reject ") + reject.reason().strip();
      case Action.Notify notify ->
          "notify "
              + notify.to()
              + (notify.cc().isEmpty() ? "" : " cc " + notify.cc())
              + " "
              + notify.from()
              + " "
              + notify.importance()
              + " \""
              + notify.subject()
              + "\" "
              + notify.text().strip();
    };
  }

  private static String with(List<String> flags) {
    return flags.isEmpty() ? "" : " " + flags;
  }

  /** Whether a test is true of a message. */
  static boolean isTrue(String required, String test, String message) {
    String result = run(required + "\nif " + test + " { discard; }", message);
    if (!result.equals("discard") && !result.startsWith("implicit keep")) {
      throw new AssertionError(result);
    }
    return result.equals("discard");
  }

  /** A list with these in it. */
  private record Listed(String... addresses) implements ExternalList {
    @Override
    public boolean has(MailAddress address) {
      return List.of(addresses).contains(address.toString());
    }

    @Override
    public List<MailAddress> recipients() {
      return Stream.of(addresses).map(each -> Addresses.parse(each).orElseThrow()).toList();
    }
  }

  /** Two mailboxes, one of them for Junk, on a day in January. */
  static final class World implements Surroundings {
    @Override
    public Instant now() {
      return Instant.parse("2026-01-05T22:15:00Z");
    }

    @Override
    public ZoneId zone() {
      return ZoneOffset.ofHours(9);
    }

    @Override
    public String separators() {
      return "+";
    }

    @Override
    public boolean mailboxExists(String name) {
      return Set.of("INBOX", "Partners", "Spam").contains(name);
    }

    @Override
    public boolean hasSpecialUse(@Nullable String mailbox, String use) {
      return use.toLowerCase(Locale.ROOT).equals("\\junk")
          && (mailbox == null || mailbox.equals("Spam"));
    }

    @Override
    public Optional<ExternalList> list(String name) {
      return switch (name) {
        case ExternalList.DEFAULT_BOOK -> Optional.of(new Listed("coyote@desert.example.org"));
        case "tag:example.com,2010-05-28:mylist" ->
            Optional.of(new Listed("a@b.example", "roadrunner@acme.example.com"));
        case "tag:example.com,2010:nobody" -> Optional.of(new Listed());
        case "tag:example.com,2010:many" ->
            Optional.of(
                new Listed(
                    "a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example"));
        default -> Optional.empty();
      };
    }

    @Override
    public DeliveryTerms terms() {
      return DeliveryTerms.NONE;
    }

    @Override
    public ScannerFields scanned() {
      return new ScannerFields("X-Spam-Status", 10, "X-Virus-Status");
    }

    @Override
    public Optional<String> environment(String item) {
      return Optional.ofNullable(Map.of("name", "Hikyaku", "location", "MDA").get(item));
    }

    @Override
    public Optional<String> annotation(@Nullable String mailbox, String entry) {
      return Optional.ofNullable(
          Map.of("INBOX/private/comment", "My Own", "/shared/admin", "post@example.com")
              .get((mailbox == null ? "" : mailbox) + entry));
    }

    @Override
    public boolean mailboxIdExists(String id) {
      return id.equals("F123");
    }

    @Override
    public MailAddress own() {
      return new MailAddress("roadrunner", "acme.example.com");
    }

    @Override
    public boolean isOwn(MailAddress address) {
      return address.base('+').toString().equals("roadrunner@acme.example.com")
          || address.toString().equals("rr@acme.example.com");
    }

    @Override
    public boolean seenBefore(String handle, String id) {
      return id.equals("<seen@example.com>") && handle.isEmpty();
    }

    @Override
    public Optional<Script> included(String name, boolean global) throws SieveException {
      String text = INCLUDED.get((global ? "global " : "") + name);
      return text == null
          ? Optional.empty()
          : Optional.of(Script.read(text.getBytes(UTF_8), SieveLimits.DEFAULTS));
    }
  }
}
