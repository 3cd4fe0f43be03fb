package hikyaku.server.smtpclient;

/** Where mail goes. */
public sealed interface Route {
  /**
   * To those who take mail for the domain, as DNS has it.
   *
   * @param domain in A-labels and lower case
   */
  record Exchange(String domain) implements Route {
    @Override
    public String toString() {
      return domain;
    }
  }

  /** To a server that the operator has named. */
  record Named(Relay relay) implements Route {
    @Override
    public String toString() {
      return relay.toString();
    }
  }
}
