package hikyaku.server.smtp;

import java.io.IOException;

/** A transaction has taken longer than {@link SmtpLimits#transaction()}. */
final class TransactionTimeoutException extends IOException {
  TransactionTimeoutException() {
    super("transaction took too long");
  }
}
