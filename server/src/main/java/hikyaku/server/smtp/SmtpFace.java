package hikyaku.server.smtp;

/** What a listener is for. */
public enum SmtpFace {
  /** Mail from other servers (port 25). */
  MX("smtp"),
  /** Mail from a server that did all the checking (RFC 2033). */
  LMTP("lmtp"),
  /** Mail from our users (RFC 6409; ports 587 and 465). */
  SUBMISSION("submission");

  private final String protocolName;

  SmtpFace(String protocolName) {
    this.protocolName = protocolName;
  }

  /** As in metrics, logs and limits. */
  public String protocolName() {
    return protocolName;
  }
}
