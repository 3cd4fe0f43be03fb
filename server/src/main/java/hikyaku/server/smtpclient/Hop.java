package hikyaku.server.smtpclient;

import java.net.InetSocketAddress;

/**
 * A server to hand a message to.
 *
 * @param name as it is known, for reports and certificates
 * @param security how TLS is spoken there
 * @param check what its certificate must be
 * @param policy by what TLS is demanded, if by anything
 * @param login what to log in with; {@link Login#NONE} for nothing
 */
record Hop(
    String name,
    InetSocketAddress address,
    Security security,
    PeerCheck check,
    TlsPolicy policy,
    Login login) {
  /** How TLS is spoken. */
  enum Security {
    /** From the first octet. */
    IMPLICIT,
    /** By STARTTLS, or nothing is said. */
    REQUIRED,
    /** By STARTTLS if it is offered (RFC 7435); else without. */
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
    return new Hop(name, address, Security.NONE, check, policy, login);
  }

  /** What TLS must be like, for people. */
  String told() {
    if (security == Security.NONE) {
      return "none";
    }
    boolean must = security != Security.IF_OFFERED;
    return switch (check) {
      case PeerCheck.Anybody _ -> (must ? "required" : "if offered") + ", with any certificate";
      case PeerCheck.Told(var _, var reason) ->
          (must ? "required" : "if offered") + ", with any certificate; " + reason;
      case PeerCheck.Named(boolean enforced) ->
          enforced
              ? "required, with a trusted certificate for " + name
              : "if offered; a certificate that is not trusted for " + name + " is reported";
      case PeerCheck.Dane(var records, _) ->
          "required, with a certificate that fits "
              + (records.size() == 1 ? "the" : "one of the")
              + " TLSA record"
              + (records.size() == 1 ? "" : "s");
    };
  }

  /** For logs and reports. */
  @Override
  public String toString() {
    return name + " [" + address.getAddress().getHostAddress() + "]";
  }
}
