package hikyaku.protocol.imap;

/** A command that cannot be read as one, with the reply it deserves. */
public final class SyntaxException extends Exception {
  private final transient Reply reply;

  public SyntaxException(Reply reply) {
    // A client's mistake is an ordinary event: no stack trace is gathered for it.
    super(reply.text(), null, false, false);
    this.reply = reply;
  }

  static SyntaxException bad(String text) {
    return new SyntaxException(Reply.bad(text));
  }

  static SyntaxException limit(String text) {
    return new SyntaxException(Reply.bad(ResponseCode.Plain.LIMIT, text));
  }

  /** NO or BAD, with a sentence for the client. */
  public Reply reply() {
    return reply;
  }
}
