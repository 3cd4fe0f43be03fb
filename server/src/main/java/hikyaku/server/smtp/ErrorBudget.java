package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Reply;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Counts what a session does wrong, and says when it was enough. Strangers are held back and may
 * not try many addresses; the server before us in LMTP, and whoever has logged in, may.
 */
final class ErrorBudget {
  private final SmtpLimits limits;
  private int badCommands;
  private int unknownRecipients;
  private int idleCommands;
  private int refusals;
  private boolean trusted;

  /** All that is counted. */
  record Counts(int badCommands, int unknownRecipients, int idleCommands, int refusals) {
    static final Counts NONE = new Counts(0, 0, 0, 0);
  }

  ErrorBudget(SmtpLimits limits, boolean trusted, Counts before) {
    this.limits = limits;
    this.trusted = trusted;
    badCommands = before.badCommands;
    unknownRecipients = before.unknownRecipients;
    idleCommands = before.idleCommands;
    refusals = before.refusals;
  }

  Counts counts() {
    return new Counts(badCommands, unknownRecipients, idleCommands, refusals);
  }

  /** From now on the client is known. */
  void trust() {
    trusted = true;
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
    return !trusted && refusals > limits.slowAfter() ? limits.slowBy() : Duration.ZERO;
  }

  /** What the session ends with if it has gone too far, or null. */
  @Nullable Reply exhausted() {
    boolean guesses = !trusted && unknownRecipients > limits.unknownRecipients();
    if (guesses || badCommands > limits.badCommands()) {
      return Replies.TOO_MANY_ERRORS;
    }
    return idleCommands > limits.idleCommands() ? Replies.TOO_MANY_COMMANDS : null;
  }
}
