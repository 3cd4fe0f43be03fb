package hikyaku.protocol.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineTest {
  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "USER mrose|User[name=mrose]",
        "uSeR Jörg@例え.test |User[name=Jörg@例え.test]",
        "APOP mrose c4c9334bac560ecc979e58001b3e22fb|Apop[name=mrose, digest=***]",
        "APOP a b c4c9334bac560ecc979e58001b3e22fb |Apop[name=a b, digest=***]",
        "AUTH|Mechanisms[]",
        "AUTH scram-sha-256-plus|Auth[mechanism=SCRAM-SHA-256-PLUS]",
        "AUTH PLAIN AGEAYg==|Auth[mechanism=PLAIN, ***]",
        "AUTH PLAIN =|Auth[mechanism=PLAIN, ***]",
        "STLS|Stls[]",
        "capa  |Capa[]",
        "LANG|Lang[tag=null]",
        "LANG *|Lang[tag=*]",
        "LANG en-GB|Lang[tag=en-GB]",
        "UTF8|Utf8[]",
        "STAT|Stat[]",
        "LIST|List[message=OptionalInt.empty]",
        "LIST 2|List[message=OptionalInt[2]]",
        "RETR 0|Retr[message=0]",
        "RETR  007|Retr[message=7]",
        "RETR 99999999999999999999999999|Retr[message=2147483647]",
        "DELE 1 |Dele[message=1]",
        "NOOP|Noop[]",
        "RSET|Rset[]",
        "TOP 1 0|Top[message=1, lines=0]",
        "top 1  10 |Top[message=1, lines=10]",
        "UIDL|Uidl[message=OptionalInt.empty]",
        "UIDL 3|Uidl[message=OptionalInt[3]]",
        "QUIT|Quit[]",
      })
  void readsCommands(String line, String command) {
    Parsed parsed = CommandLine.parse(octets(line));
    assertThat(parsed).hasToString(command).isInstanceOf(Command.class);
    assertThat(line.toUpperCase(java.util.Locale.ROOT))
        .startsWith(((Command) parsed).keyword().name());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "''|-",
        "' STAT'|-",
        "XTND|-",
        "STATS|-",
        "STAT\t|-",
        "ſTAT|-",
        "USER|USER",
        "'USER '|USER",
        "PASS|PASS",
        "'PASS '|PASS",
        "APOP mrose|APOP",
        "APOP c4c9334bac560ecc979e58001b3e22fb|APOP",
        "APOP mrose C4C9334BAC560ECC979E58001B3E22FB|APOP",
        "APOP mrose c4c9334bac560ecc979e58001b3e22f|APOP",
        "AUTH PLAIN AGEAYg|AUTH",
        "AUTH PLAIN AGE AYg=|AUTH",
        "AUTH PL/IN|AUTH",
        "AUTH A23456789012345678901|AUTH",
        "CAPA x|CAPA",
        "LANG en fr|LANG",
        "LANG en_GB|LANG",
        "LIST x|LIST",
        "LIST 1 2|LIST",
        "LIST -1|LIST",
        "RETR|RETR",
        "RETR 1x|RETR",
        "RETR ١|RETR",
        "DELE|DELE",
        "TOP 1|TOP",
        "TOP 1 2 3|TOP",
        "TOP 1 -1|TOP",
        "QUIT now|QUIT",
      })
  void refusesWhatIsNoCommand(String line, Keyword keyword) {
    assertThat(CommandLine.parse(octets(line)))
        .isInstanceOfSatisfying(
            Malformed.class, malformed -> assertThat(malformed.keyword()).isEqualTo(keyword));
  }

  @Test
  void aPasswordIsAllOfTheLine() {
    assertThat(CommandLine.parse(octets("pass  s p "))).isEqualTo(new Command.Pass(" s p "));
    assertThat(CommandLine.parse(octets("PASS пароль"))).isEqualTo(new Command.Pass("пароль"));
    assertThat(CommandLine.parse(new byte[] {'P', 'A', 'S', 'S', ' ', (byte) 0xFF}))
        .isInstanceOf(Malformed.class);
    assertThat(CommandLine.parse(octets("PASS a\0b"))).isInstanceOf(Malformed.class);
  }

  @Test
  void decodesTheInitialResponse() {
    assertThat(CommandLine.parse(octets("AUTH PLAIN AGEAYg==")))
        .isInstanceOfSatisfying(
            Command.Auth.class,
            auth -> assertThat(auth.initialResponse()).isEqualTo(octets("\0a\0b")));
    assertThat(CommandLine.parse(octets("AUTH PLAIN =")))
        .isInstanceOfSatisfying(
            Command.Auth.class, auth -> assertThat(auth.initialResponse()).isEmpty());
    assertThat(CommandLine.parse(octets("AUTH PLAIN")))
        .isInstanceOfSatisfying(
            Command.Auth.class, auth -> assertThat(auth.initialResponse()).isNull());
  }

  /** Only what AUTH brings along may be longer than a line of POP3. */
  @Test
  void takesALongInitialResponseAndNoOtherLongLine() {
    String longest = "A".repeat(CommandLine.LONGEST_SASL - "AUTH PLAIN ".length() - 1);
    String encoded = longest.substring(longest.length() % 4);
    assertThat(CommandLine.parse(octets("AUTH PLAIN " + encoded)))
        .isInstanceOfSatisfying(
            Command.Auth.class,
            auth -> assertThat(auth.initialResponse()).hasSize(encoded.length() / 4 * 3));
    String password = "x".repeat(CommandLine.LONGEST - "PASS ".length());
    assertThat(CommandLine.parse(octets("PASS " + password))).isInstanceOf(Command.Pass.class);
    assertThat(CommandLine.parse(octets("PASS x" + password)))
        .isEqualTo(new Malformed(Keyword.PASS, "Line too long"));
    assertThat(CommandLine.parse(octets("x".repeat(CommandLine.LONGEST + 1))))
        .isEqualTo(new Malformed(null, "Line too long"));
  }

  @Test
  void readsSaslResponses() {
    assertThat(SaslResponse.parse(octets("*"))).isEqualTo(new SaslResponse.Cancelled());
    assertThat(SaslResponse.parse(octets("*="))).isEqualTo(new SaslResponse.NotBase64());
    assertThat(SaslResponse.parse(octets("AGE"))).isEqualTo(new SaslResponse.NotBase64());
    assertThat(SaslResponse.parse(octets("AG E"))).isEqualTo(new SaslResponse.NotBase64());
    assertThat(SaslResponse.parse(octets("é==="))).isEqualTo(new SaslResponse.NotBase64());
    assertThat(SaslResponse.parse(octets("")))
        .isInstanceOfSatisfying(
            SaslResponse.Response.class, response -> assertThat(response.octets()).isEmpty());
    assertThat(SaslResponse.parse(octets("AGEAYg==")))
        .isInstanceOfSatisfying(
            SaslResponse.Response.class,
            response -> assertThat(response.octets()).isEqualTo(octets("\0a\0b")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "PASS secret|PASS ***",
        "pass  secret|PASS ***",
        "APOP mrose c4c9334bac560ecc979e58001b3e22fb|APOP mrose ***",
        "AUTH PLAIN AGEAYg==|AUTH PLAIN ***",
        "AUTH LOGIN|AUTH LOGIN",
        "PSAS secret|(no command, 11 octets)",
        "AGEAYg==|(no command, 8 octets)",
        "retr 1|RETR 1",
        "USER a\u0007b|USER a?b",
      })
  void keepsSecretsOutOfTraces(String line, String shown) {
    assertThat(CommandLine.redacted(octets(line))).isEqualTo(shown);
  }

  private static void anyLineIsReadOrRefused(byte[] line) {
    byte[] before = line.clone();
    switch (CommandLine.parse(line)) {
      case Command command -> assertThat(command.toString()).isNotEmpty();
      case Malformed(Keyword keyword, String fault) ->
          // The text of the refusal must itself be fit for a reply.
          assertThat(Reply.err(fault).toWire()).hasSizeLessThanOrEqualTo(Reply.LONGEST);
    }
    assertThat(CommandLine.redacted(line)).doesNotContainPattern("[\\x00-\\x1F\\x7F]");
    assertThat(SaslResponse.parse(line)).isNotNull();
    assertThat(line).isEqualTo(before);
  }

  @FuzzTest(maxDuration = "10s")
  void anyLine(byte[] line) {
    anyLineIsReadOrRefused(line);
  }

  @Test
  void anyMutationIsReadOrRefused() {
    List<String> seeds =
        List.of(
            "USER mrose",
            "PASS a b",
            "APOP mrose c4c9334bac560ecc979e58001b3e22fb",
            "AUTH PLAIN AGEAYg==",
            "LANG en",
            "LIST 1",
            "TOP 1 10",
            "UIDL 2147483648",
            "QUIT");
    long seed = 1939;
    Random random = new Random(seed);
    for (int round = 0; round < 200_000; round++) {
      byte[] line = octets(seeds.get(random.nextInt(seeds.size())));
      for (int change = random.nextInt(4); change >= 0; change--) {
        int at = random.nextInt(line.length + 1);
        switch (random.nextInt(3)) {
          case 0 -> line = Arrays.copyOf(line, at);
          case 1 -> line = Arrays.copyOf(line, line.length + random.nextInt(3));
          default -> {
            if (at < line.length) {
              line[at] = (byte) random.nextInt(256);
            }
          }
        }
      }
      try {
        anyLineIsReadOrRefused(line);
      } catch (Throwable e) {
        throw new AssertionError("seed " + seed + " round " + round, e);
      }
    }
  }
}
