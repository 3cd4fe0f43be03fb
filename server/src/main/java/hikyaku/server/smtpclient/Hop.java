package hikyaku.server.smtpclient;

import java.net.InetSocketAddress;

/**
 * A server to hand a message to.
 *
 * @param name as it is known, for reports and certificates
 * @param security how TLS is spoken there
 * @param login what to log in with; {@link Login#NONE} for nothing
 */
record Hop(String name, InetSocketAddress address, Security security, Login login) {
  /** How TLS is spoken. */
  enum Security {
    /** From the first octet, with a certificate that is checked. */
    IMPLICIT,
    /** By STARTTLS, with a certificate that is checked; or nothing is said. */
    REQUIRED,
    /** By STARTTLS if it is offered, with any certificate (RFC 7435); else without. */
    IF_OFFERED,
    NONE
  }

  /** A user's name and password. */
  record Login(String user, String password) {
    static final Login NONE = new Login("", "");

    boolean isNone() {
      return user.isEmpty();
    }

    @Override
    public String toString() {
      return "Login[" + user + "]";
    }
  }

  Hop withoutTls() {
    return new Hop(name, address, Security.NONE, login);
  }

  /** For logs and reports. */
  @Override
  public String toString() {
    return name + " [" + address.getAddress().getHostAddress() + "]";
  }
}
