package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Reply;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Counts what a session does wrong, and says when it was enough. */
final class ErrorBudget {
  private final SmtpLimits limits;
  private int badCommands;
  private int unknownRecipients;
  private int idleCommands;
  private int refusals;

  ErrorBudget(SmtpLimits limits) {
    this.limits = limits;
  }

  /** A command that brings no message nearer. */
  void idleCommand() {
    idleCommands++;
  }

  /** A command of a transaction. */
  void usefulCommand() {
    idleCommands = 0;
  }

  void unknownRecipient() {
    unknownRecipients++;
  }

  /** A reply that is about to be given. */
  void reply(Reply reply) {
    if (reply.code() >= 400) {
      refusals++;
    }
    if (reply.code() >= 500 && reply.code() <= 504) {
      badCommands++;
    }
  }

  /** How long the next refusal is to be held back. */
  Duration delay() {
    return refusals > limits.slowAfter() ? limits.slowBy() : Duration.ZERO;
  }

  /** What the session ends with if it has gone too far, or null. */
  @Nullable Reply exhausted() {
    if (badCommands > limits.badCommands() || unknownRecipients > limits.unknownRecipients()) {
      return Replies.TOO_MANY_ERRORS;
    }
    return idleCommands > limits.idleCommands() ? Replies.TOO_MANY_COMMANDS : null;
  }
}
