package hikyaku.server.dkim;

/** Why something about a key was refused; nothing was changed. The message is for the operator. */
public final class DkimException extends Exception {
  public DkimException(String message) {
    super(message);
  }

  DkimException(String message, Throwable cause) {
    super(message, cause);
  }
}
