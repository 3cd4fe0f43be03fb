package hikyaku.protocol.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.address.MailAddress;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CommandParserTest {
  /** A line and what it is read as. */
  record Case(String line, String expected) {}

  /**
   * The cases of {@code commands.txt}: a line, and on the next one, after an arrow, what it is read
   * as.
   */
  static Stream<Case> cases() throws IOException {
    List<Case> cases = new ArrayList<>();
    try (InputStream in = CommandParserTest.class.getResourceAsStream("commands.txt")) {
      String line = "";
      for (String next : new String(in.readAllBytes(), UTF_8).split("\n")) {
        if (next.startsWith("=> ")) {
          cases.add(new Case(line, next.substring(3)));
        } else if (!next.startsWith("#")) {
          line = next.replace("\\0", "\0").replace("\\t", "\t").replace("\\s", " ");
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void readsAsExpected(Case given) {
    Command command = CommandParser.parse(given.line().getBytes(UTF_8));
    assertThat(describe(command)).isEqualTo(given.expected());
  }

  private static String describe(Command command) {
    return command instanceof Command.Malformed malformed
        ? malformed.verb() + " refused " + malformed.refusal()
        : command.toString();
  }

  @Test
  void aPathReadsBackAsItIsWritten() {
    List<String> localParts =
        List.of(
            "a",
            "a.b",
            "a..b.",
            "a b",
            "a\"b",
            "a\\b",
            "a@b",
            "a>b",
            " ",
            "<>",
            "日本",
            "!#$%&'*+-/=?^_`{|}~");
    for (String localPart : localParts) {
      Mailbox mailbox = new Mailbox(localPart, "example.org");
      assertThat(parse("RCPT TO:<" + mailbox + ">"))
          .isEqualTo(new Command.Rcpt(mailbox, RcptParameters.NONE));
      assertThat(parse("MAIL FROM:<" + mailbox + ">"))
          .isEqualTo(new Command.Mail(mailbox, MailParameters.NONE));
    }
  }

  @Test
  void lengthsHaveTheirLimits() {
    String local = "l".repeat(MailAddress.LONGEST_LOCAL_PART);
    assertThat(parse("RCPT TO:<" + local + "@example.org>"))
        .isEqualTo(new Command.Rcpt(new Mailbox(local, "example.org"), RcptParameters.NONE));
    assertThat(describe(parse("RCPT TO:<x" + local + "@example.org>")))
        .isEqualTo("RCPT refused 501 5.1.3 Local part of address too long");
    assertThat(describe(parse("MAIL FROM:<" + local + "@" + "dd.".repeat(45) + "org>")))
        .isEqualTo("MAIL refused 501 5.1.7 Address too long");
    String domain = "d".repeat(MailAddress.LONGEST_DOMAIN);
    assertThat(parse("EHLO " + domain)).isEqualTo(new Command.Ehlo(domain));
    assertThat(describe(parse("EHLO x" + domain)))
        .isEqualTo("EHLO refused 501 5.5.4 Say your own host name after this command");
    assertThat(parse("NOOP " + "x".repeat(CommandParser.MAX_LINE - 5)))
        .isEqualTo(new Command.Noop());
    assertThat(describe(parse("NOOP " + "x".repeat(CommandParser.MAX_LINE - 4))))
        .isEqualTo("NOOP refused 500 5.5.6 Command line too long");
    String response = "A".repeat(CommandParser.MAX_AUTH_LINE - 11);
    assertThat(parse("AUTH PLAIN " + response)).isEqualTo(new Command.Auth("PLAIN", response));
    assertThat(describe(parse("AUTH PLAIN " + response + "A")))
        .isEqualTo("AUTH refused 500 5.5.6 Command line too long");
  }

  @Test
  void octetsThatAreNotUtf8AreRefused() {
    byte[] line =
        "MAIL FROM:<\u00e9@example.org>".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    assertThat(describe(CommandParser.parse(line)))
        .isEqualTo("MAIL refused 500 5.5.2 Command line is not printable UTF-8 text");
  }

  @Test
  void secretsAreNotPrinted() {
    assertThat(parse("AUTH PLAIN AHUAcA==")).hasToString("Auth[PLAIN]");
  }

  /**
   * Good lines with octets changed, taken away, put in and cut: always a command, never a throw.
   */
  @Test
  void anyOctetsGiveACommand() throws IOException {
    List<Case> seeds = cases().toList();
    for (long seed = 1; seed <= 200_000; seed++) {
      byte[] line = mutate(seeds, new Random(seed));
      try {
        checkCommand(CommandParser.parse(line));
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed + ": " + new String(line, UTF_8), e);
      }
    }
  }

  /** What must be true of every command that was read. */
  static void checkCommand(Command command) {
    switch (command) {
      case Command.Mail(Mailbox from, var _) -> checkMailbox(from);
      case Command.Rcpt(Mailbox to, var _) -> checkMailbox(to);
      case Command.Bdat(long size, var _) -> assertThat(size).isNotNegative();
      case Command.Malformed(var _, Reply refusal) ->
          assertThat(refusal.code()).isBetween(500, 599);
      default -> {}
    }
  }

  private static void checkMailbox(Mailbox mailbox) {
    assertThat(mailbox.localPart()).isNotEmpty().matches("[^\\p{Cntrl}]+");
    assertThat(mailbox.domain()).matches("[^\\p{Cntrl}\\s@<>\"]+");
    assertThat(parse("RCPT TO:<" + mailbox + ">"))
        .isEqualTo(new Command.Rcpt(mailbox, RcptParameters.NONE));
  }

  private static byte[] mutate(List<Case> seeds, Random random) {
    byte[] line = seeds.get(random.nextInt(seeds.size())).line().getBytes(UTF_8);
    for (int i = random.nextInt(4); i >= 0 && line.length > 0; i--) {
      int at = random.nextInt(line.length);
      switch (random.nextInt(4)) {
        case 0 -> line[at] = (byte) random.nextInt(256);
        case 1 -> line[at] = (byte) "<>@\"\\[]:;,.+= \t".charAt(random.nextInt(15));
        case 2 -> line = java.util.Arrays.copyOf(line, at);
        default -> {
          byte[] other = seeds.get(random.nextInt(seeds.size())).line().getBytes(UTF_8);
          byte[] joined = java.util.Arrays.copyOf(line, at + other.length);
          System.arraycopy(other, 0, joined, at, other.length);
          line = joined;
        }
      }
    }
    return line;
  }

  private static Command parse(String line) {
    return CommandParser.parse(line.getBytes(UTF_8));
  }
}
