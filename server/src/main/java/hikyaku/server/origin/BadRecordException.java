package hikyaku.server.origin;

/** A record or field that its grammar does not allow, with a word on why. */
final class BadRecordException extends Exception {
  BadRecordException(String why) {
    super(why);
  }

  BadRecordException(String why, Throwable cause) {
    super(why, cause);
  }

  /** For a comment of Authentication-Results: never what somebody else has written. */
  String why() {
    return String.valueOf(getMessage());
  }
}
