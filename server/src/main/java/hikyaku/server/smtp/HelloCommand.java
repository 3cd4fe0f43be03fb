package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Command;
import hikyaku.protocol.smtp.Reply;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** HELO, EHLO (RFC 5321 §4.1.1.1) and LHLO (RFC 2033 §4.1): also the list of extensions. */
final class HelloCommand {
  private HelloCommand() {}

  static Answer helo(SmtpSession session, Command.Helo command) {
    session.greet(new Hello(command.domain(), false));
    return Answer.of(Reply.plain(250, session.settings().hostName()));
  }

  static Answer ehlo(SmtpSession session, Command.Ehlo command) {
    return extended(session, command.domain());
  }

  static Answer lhlo(SmtpSession session, Command.Lhlo command) {
    return extended(session, command.domain());
  }

  private static Answer extended(SmtpSession session, String name) {
    session.greet(new Hello(name, true));
    SmtpLimits limits = session.limits();
    List<String> lines = new ArrayList<>();
    lines.add(session.settings().hostName());
    lines.add("PIPELINING");
    lines.add("SIZE " + limits.messageOctets());
    lines.add("8BITMIME");
    lines.add("SMTPUTF8");
    lines.add("CHUNKING");
    lines.add("BINARYMIME");
    lines.add("ENHANCEDSTATUSCODES");
    if (session.offersDsn()) {
      lines.add("DSN");
    }
    if (session.offersDeliverBy()) {
      lines.add("DELIVERBY");
    }
    if (session.offersPriority()) {
      lines.add("MT-PRIORITY");
    }
    if (session.offersFutureRelease()) {
      lines.add(futureRelease(session));
    }
    if (session.connection().canStartTls()) {
      lines.add("STARTTLS");
    }
    if (session.offersRequireTls()) {
      lines.add("REQUIRETLS");
    }
    if (session.face() == SmtpFace.SUBMISSION && session.account() == null) {
      List<String> mechanisms = session.mechanisms();
      if (!mechanisms.isEmpty()) {
        lines.add("AUTH " + String.join(" ", mechanisms));
      }
    }
    lines.add("LIMITS MAILMAX=" + limits.transactions() + " RCPTMAX=" + limits.recipients());
    lines.add("HELP");
    return Answer.of(new Reply(250, null, lines));
  }

  /** With the longest time, and what it comes to now (RFC 4865 §3). */
  private static String futureRelease(SmtpSession session) {
    Duration longest = session.settings().longestHold();
    Instant latest = session.services().clock().instant().plus(longest);
    return "FUTURERELEASE " + longest.toSeconds() + " " + latest.truncatedTo(ChronoUnit.SECONDS);
  }
}
