package hikyaku.server.auth;

/** A login cannot be judged now, through no fault of the client's. The message is for our log. */
final class NotNowException extends Exception {
  private static final long serialVersionUID = 1L;

  NotNowException(String message) {
    super(message);
  }
}
