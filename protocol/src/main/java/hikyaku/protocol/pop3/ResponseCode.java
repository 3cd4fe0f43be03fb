package hikyaku.protocol.pop3;

/** Extended response codes (RFC 2449 §8); they stand in refusals only. */
public enum ResponseCode {
  /** The login failed for want of leave, not of right credentials: too early (RFC 2449 §8.1.1). */
  LOGIN_DELAY("LOGIN-DELAY"),
  /** Credentials were right; another session has the maildrop (RFC 2449 §8.1.2). */
  IN_USE("IN-USE"),
  /** The credentials are at fault and asking the user again makes sense (RFC 3206 §5). */
  AUTH("AUTH"),
  /** The system is at fault and may recover (RFC 3206 §4). */
  SYS_TEMP("SYS/TEMP"),
  /** The system is at fault and someone must mend it (RFC 3206 §4). */
  SYS_PERM("SYS/PERM"),
  /** The maildrop or message needs the UTF8 command, or that command failed (RFC 6856 §5). */
  UTF8("UTF8");

  private final String text;

  ResponseCode(String text) {
    this.text = text;
  }

  /** As it stands between the brackets. */
  public String text() {
    return text;
  }
}
