package hikyaku.mailbox.account;

/** What one may do with a folder (RFC 4314 §2.1). */
public enum Right {
  /** See that it is there. */
  LOOKUP('l'),
  /** Open and read it. */
  READ('r'),
  /** Change \\Seen, which all who read it have in common. */
  SEEN('s'),
  /** Change other flags, all but \\Deleted. */
  WRITE('w'),
  /** Put messages into it. */
  INSERT('i'),
  /** Send mail to it. */
  POST('p'),
  /** Make folders below it, or put others there. */
  CREATE('k'),
  /** Delete it, or give it another name. */
  DELETE_FOLDER('x'),
  /** Change \\Deleted. */
  DELETE_MESSAGES('t'),
  /** Take away messages that are marked as deleted. */
  EXPUNGE('e'),
  /** See and change who may do what. */
  ADMINISTER('a');

  private final char letter;

  Right(char letter) {
    this.letter = letter;
  }

  public char letter() {
    return letter;
  }

  int bit() {
    return 1 << ordinal();
  }
}
