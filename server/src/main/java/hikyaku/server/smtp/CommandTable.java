package hikyaku.server.smtp;

import static hikyaku.server.smtp.CommandTable.Flag.ENDS_PIPELINE;
import static hikyaku.server.smtp.CommandTable.Flag.IDLE;
import static hikyaku.server.smtp.CommandTable.Flag.OCTETS_FOLLOW;

import hikyaku.protocol.smtp.Command;
import hikyaku.protocol.smtp.Verb;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The commands, where and when they may come, and who carries them out. */
final class CommandTable {
  private static final Set<SmtpFace> ALL = EnumSet.allOf(SmtpFace.class);
  private static final Set<SmtpFace> SMTP = EnumSet.of(SmtpFace.MX, SmtpFace.SUBMISSION);
  private static final Set<SmtpFace> LMTP = EnumSet.of(SmtpFace.LMTP);
  private static final Set<SmtpFace> LOGIN = EnumSet.of(SmtpFace.SUBMISSION);

  private CommandTable() {}

  /** How far a session must have come for a command; each includes those before it. */
  enum Need {
    NOTHING,
    /** HELO, EHLO or LHLO was said. */
    HELLO,
    /** In submission, the client has logged in; elsewhere there is no login. */
    LOGIN,
    /** MAIL was accepted. */
    SENDER,
    /** A recipient was accepted. */
    RECIPIENT
  }

  /** What else there is to a command. */
  enum Flag {
    /**
     * Nothing may be sent behind it before its reply, because what follows depends on that reply
     * (RFC 2920 §3.1, RFC 4954 §4).
     */
    ENDS_PIPELINE,
    /** It brings no message nearer. */
    IDLE,
    /**
     * Octets come behind the line that are no commands, whatever the reply: a refusal must read
     * over them (RFC 3030 §2).
     */
    OCTETS_FOLLOW
  }

  /**
   * One command.
   *
   * @param faces where it is known at all
   */
  record Rule<C extends Command>(
      Verb verb,
      Class<C> type,
      Set<SmtpFace> faces,
      Need need,
      Handler<C> handler,
      Set<Flag> flags) {
    boolean has(Flag flag) {
      return flags.contains(flag);
    }
  }

  static final List<Rule<?>> RULES =
      List.of(
          rule(
              Verb.HELO,
              Command.Helo.class,
              SMTP,
              Need.NOTHING,
              HelloCommand::helo,
              ENDS_PIPELINE,
              IDLE),
          rule(
              Verb.EHLO,
              Command.Ehlo.class,
              SMTP,
              Need.NOTHING,
              HelloCommand::ehlo,
              ENDS_PIPELINE,
              IDLE),
          rule(
              Verb.LHLO,
              Command.Lhlo.class,
              LMTP,
              Need.NOTHING,
              HelloCommand::lhlo,
              ENDS_PIPELINE,
              IDLE),
          rule(
              Verb.STARTTLS,
              Command.StartTls.class,
              ALL,
              Need.HELLO,
              StartTlsCommand::handle,
              ENDS_PIPELINE,
              IDLE),
          rule(
              Verb.AUTH,
              Command.Auth.class,
              LOGIN,
              Need.HELLO,
              AuthCommand::handle,
              ENDS_PIPELINE,
              IDLE),
          rule(Verb.MAIL, Command.Mail.class, ALL, Need.LOGIN, MailCommand::handle),
          rule(Verb.RCPT, Command.Rcpt.class, ALL, Need.SENDER, RcptCommand::handle),
          rule(
              Verb.DATA,
              Command.Data.class,
              ALL,
              Need.RECIPIENT,
              DataCommand::handle,
              ENDS_PIPELINE),
          rule(
              Verb.BDAT,
              Command.Bdat.class,
              ALL,
              Need.RECIPIENT,
              BdatCommand::handle,
              OCTETS_FOLLOW),
          rule(Verb.RSET, Command.Rset.class, ALL, Need.NOTHING, RsetCommand::handle, IDLE),
          rule(Verb.NOOP, Command.Noop.class, ALL, Need.NOTHING, NoopCommand::handle, IDLE),
          rule(Verb.HELP, Command.Help.class, ALL, Need.NOTHING, HelpCommand::handle, IDLE),
          rule(Verb.VRFY, Command.Vrfy.class, ALL, Need.NOTHING, VrfyCommand::handle, IDLE),
          rule(Verb.EXPN, Command.Expn.class, ALL, Need.NOTHING, ExpnCommand::handle, IDLE),
          rule(Verb.QUIT, Command.Quit.class, ALL, Need.NOTHING, QuitCommand::handle));

  private static final Map<Verb, Rule<?>> BY_VERB =
      RULES.stream().collect(Collectors.toUnmodifiableMap(Rule::verb, Function.identity()));

  private static <C extends Command> Rule<C> rule(
      Verb verb, Class<C> type, Set<SmtpFace> faces, Need need, Handler<C> handler, Flag... flags) {
    return new Rule<>(verb, type, faces, need, handler, Set.of(flags));
  }

  /** The rule of a word, or null if it is not known to this face. */
  static @Nullable Rule<?> rule(SmtpFace face, Verb verb) {
    Rule<?> rule = BY_VERB.get(verb);
    return rule == null || !rule.faces().contains(face) ? null : rule;
  }
}
