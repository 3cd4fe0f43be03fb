package hikyaku.server.dns;

/** Nobody can say now: no server answered, or those that did had failed themselves. */
public final class DnsException extends Exception {
  public DnsException(String question, Throwable cause) {
    super("DNS does not answer for " + question, cause);
  }
}
