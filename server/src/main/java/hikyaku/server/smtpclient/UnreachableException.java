package hikyaku.server.smtpclient;

import java.io.IOException;

/**
 * A server could not be spoken to, or not to the point where it judges a message. Nothing was
 * handed over.
 */
public final class UnreachableException extends IOException {
  private final Verdict verdict;

  UnreachableException(Verdict verdict) {
    super(verdict.toString());
    this.verdict = verdict;
  }

  UnreachableException(Verdict verdict, Throwable cause) {
    super(verdict.toString(), cause);
    this.verdict = verdict;
  }

  /** Final if there is nobody to be reached, ever; then it holds for all mail to the domain. */
  public Verdict verdict() {
    return verdict;
  }
}
