package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Command;
import hikyaku.protocol.smtp.EnhancedCode;
import hikyaku.protocol.smtp.Reply;
import java.util.List;
import java.util.stream.Collectors;

/** HELP (RFC 5321 §4.1.1.8): the commands known here. */
final class HelpCommand {
  private HelpCommand() {}

  static Answer handle(SmtpSession session, Command.Help command) {
    String verbs =
        CommandTable.RULES.stream()
            .filter(rule -> rule.faces().contains(session.face()))
            .map(rule -> rule.verb().name())
            .collect(Collectors.joining(" "));
    return Answer.of(
        new Reply(214, EnhancedCode.of("2.0.0"), List.of("Commands:", verbs, "See RFC 5321")));
  }
}
