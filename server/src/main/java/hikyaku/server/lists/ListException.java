package hikyaku.server.lists;

/** Why a change of a list was refused; nothing was changed. The message is fit for who asked. */
public final class ListException extends Exception {
  public ListException(String message) {
    super(message);
  }
}
