package hikyaku.server.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.smtp.Verb;
import hikyaku.server.net.TlsMode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The server does for each command and face what the table says. */
class CommandTableTest {
  private static final Map<Verb, String> ARGUMENTS =
      Map.of(
          Verb.HELO, " c",
          Verb.EHLO, " c",
          Verb.LHLO, " c",
          Verb.MAIL, " FROM:<u1@demo.test>",
          Verb.RCPT, " TO:<u1@demo.test>",
          Verb.BDAT, " 6",
          Verb.VRFY, " u1",
          Verb.EXPN, " u1",
          Verb.AUTH, " PLAIN");

  private static String line(Verb verb) {
    return verb + ARGUMENTS.getOrDefault(verb, "") + "\r\n";
  }

  private static List<String> play(SmtpFace face, List<String> pieces) throws IOException {
    try (World world = new World(face, TestSettings.DEFAULT, TlsMode.NONE)) {
      TestConnection connection = new TestConnection("t1", pieces);
      world.protocol.serve(connection);
      List<String> replies = new ArrayList<>(List.of(connection.said().split("\r\n")));
      replies.removeIf(line -> line.charAt(3) == '-');
      return replies.subList(1, replies.size());
    }
  }

  @ParameterizedTest
  @EnumSource(SmtpFace.class)
  void aWordThatAFaceDoesNotKnowIsRefused(SmtpFace face) throws IOException {
    for (Verb verb : Verb.values()) {
      if (CommandTable.rule(face, verb) == null) {
        assertThat(play(face, List.of(line(verb))))
            .as("%s", verb)
            .singleElement()
            .asString()
            .matches("50[02] 5.5.1 .*");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(SmtpFace.class)
  void aCommandNeedsWhatTheTableSays(SmtpFace face) throws IOException {
    List<String> way = new ArrayList<>();
    for (CommandTable.Need reached : CommandTable.Need.values()) {
      switch (reached) {
        case NOTHING -> {}
        case HELLO -> way.add(line(face == SmtpFace.LMTP ? Verb.LHLO : Verb.EHLO));
        case LOGIN -> {
          if (face != SmtpFace.SUBMISSION) {
            continue;
          }
          way.add("AUTH PLAIN AHUxAHNlY3JldA==\r\n");
        }
        case SENDER -> way.add(line(Verb.MAIL));
        case RECIPIENT -> way.add(line(Verb.RCPT));
      }
      for (CommandTable.Rule<?> rule : CommandTable.RULES) {
        if (rule.faces().contains(face)) {
          List<String> pieces = new ArrayList<>(way);
          pieces.add(line(rule.verb()));
          if (rule.has(CommandTable.Flag.OCTETS_FOLLOW)) {
            pieces.add("QUIT\r\n");
          }
          pieces.add(".\r\n"); // ends a message, if one was begun
          List<String> replies = play(face, pieces);
          boolean refused = replies.get(way.size()).matches("503 5.5.1 (Say|MAIL|RCPT).*|530 .*");
          boolean enough =
              rule.need().compareTo(reached) <= 0
                  || (face != SmtpFace.SUBMISSION
                      && rule.need() == CommandTable.Need.LOGIN
                      && reached == CommandTable.Need.HELLO);
          assertThat(refused).as("%s after %s: %s", rule.verb(), way, replies).isEqualTo(!enough);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(SmtpFace.class)
  void nothingComesBehindWhatEndsThePipeline(SmtpFace face) throws IOException {
    for (CommandTable.Rule<?> rule : CommandTable.RULES) {
      if (rule.faces().contains(face) && rule.verb() != Verb.QUIT) {
        List<String> replies = play(face, List.of(line(rule.verb()) + "NOOP\r\nNOOP\r\n"));
        assertThat(replies.getFirst().startsWith("554 5.5.0"))
            .as("%s: %s", rule.verb(), replies)
            .isEqualTo(rule.has(CommandTable.Flag.ENDS_PIPELINE));
      }
    }
  }
}
