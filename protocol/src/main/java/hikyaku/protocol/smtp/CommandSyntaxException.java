package hikyaku.protocol.smtp;

/** Ends the reading of a line; never leaves the package. */
final class CommandSyntaxException extends Exception {
  private final Reply refusal;

  CommandSyntaxException(Reply refusal) {
    super(refusal.toString(), null, false, false);
    this.refusal = refusal;
  }

  static CommandSyntaxException syntax(String text) {
    return new CommandSyntaxException(Reply.of(501, "5.5.2", text));
  }

  static CommandSyntaxException argument(String text) {
    return new CommandSyntaxException(Reply.of(501, "5.5.4", text));
  }

  Reply refusal() {
    return refusal;
  }
}
