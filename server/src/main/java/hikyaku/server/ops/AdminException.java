package hikyaku.server.ops;

/** An operation that is refused. The message is a sentence for the operator. */
public final class AdminException extends Exception {
  private final int status;

  /**
   * @param status as in HTTP: 400 the request is wrong, 404 no such thing, 409 it is in the way of
   *     something, 503 not now
   */
  public AdminException(int status, String sentence) {
    super(sentence);
    this.status = status;
  }

  public static AdminException badRequest(String sentence) {
    return new AdminException(400, sentence);
  }

  public static AdminException notFound(String sentence) {
    return new AdminException(404, sentence);
  }

  public int status() {
    return status;
  }
}
