package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Reply;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Counts what a session does wrong, and says when it was enough. Strangers are held back and may
 * not try many addresses; the server before us in LMTP, and whoever has logged in, may.
 */
final class ErrorBudget {
  /**
   * Commands that a client may send before it knows what became of those before (RFC 2920 §3.1, RFC
   * 3030 §2).
   */
  private static final Set<String> FOLLOWING = Set.of("RCPT", "DATA", "BDAT");

  /** So many are taken for sent before: a message of the default size in pieces of 5 KB. */
  private static final int MOST_FOLLOWING = 10_000;

  private final SmtpLimits limits;
  private int badCommands;
  private int unknownRecipients;
  private int idleCommands;
  private int refusals;

  /** How many commands may yet follow a refusal that the client did not know of. */
  private int following;

  private boolean trusted;

  /**
   * All that is counted.
   *
   * @param following how many commands may yet be refused for what became of one before
   */
  record Counts(
      int badCommands, int unknownRecipients, int idleCommands, int refusals, int following) {
    static final Counts NONE = new Counts(0, 0, 0, 0, 0);
  }

  ErrorBudget(SmtpLimits limits, boolean trusted, Counts before) {
    this.limits = limits;
    this.trusted = trusted;
    badCommands = before.badCommands;
    unknownRecipients = before.unknownRecipients;
    idleCommands = before.idleCommands;
    refusals = before.refusals;
    following = before.following;
  }

  Counts counts() {
    return new Counts(badCommands, unknownRecipients, idleCommands, refusals, following);
  }

  /** From now on the client is known. */
  void trust() {
    trusted = true;
  }

  /** A command that brings no message nearer. Whoever says it has heard what came before. */
  void idleCommand() {
    following = 0;
    idleCommands++;
  }

  /** A command of a transaction. */
  void usefulCommand() {
    idleCommands = 0;
  }

  void unknownRecipient() {
    unknownRecipients++;
  }

  /**
   * A refusal that is about to be given.
   *
   * @return false if it only follows from an earlier one: then it is no mistake, and nothing is
   *     held back
   */
  boolean refuses(String command, Reply reply) {
    boolean sequence = reply.code() == 503 && FOLLOWING.contains(command);
    if (sequence && following > 0) {
      following--;
      return false;
    }
    refusals++;
    if (reply.code() >= 500 && reply.code() <= 504 && !reply.equals(Replies.NO_VALID_RECIPIENTS)) {
      badCommands++;
    }
    if (!sequence && (command.equals("MAIL") || command.equals("BDAT"))) {
      following = MOST_FOLLOWING;
    }
    return true;
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
