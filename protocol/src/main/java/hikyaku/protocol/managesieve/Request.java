package hikyaku.protocol.managesieve;

/** What a client sent. */
public sealed interface Request
    permits Command, Request.Malformed, Request.TooLarge, Request.Fatal {
  /**
   * No command; the connection is in step.
   *
   * @param fault a sentence for the client
   */
  record Malformed(String fault) implements Request {}

  /** A command with a string that is larger than any may be. It was read and dropped. */
  record TooLarge() implements Request {}

  /**
   * The connection is of no use any more.
   *
   * @param fault a sentence for the client
   */
  record Fatal(String fault) implements Request {}
}
