package hikyaku.server.smtpclient;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where mail would go, and over what TLS.
 *
 * @param servers in the order in which they would be tried, and behind them those that would not
 */
public record Survey(List<Server> servers) {
  public Survey {
    servers = List.copyOf(servers);
  }

  /**
   * A server at one of its addresses.
   *
   * @param name empty if it does not come to servers
   * @param address empty if nothing is sent there
   * @param tls what TLS must be like, for people
   * @param policy by what it is demanded; null if nothing is sent there
   * @param refused why nothing is sent there, or empty
   */
  public record Server(
      String name, String address, String tls, @Nullable TlsPolicy policy, String refused) {
    static Server refused(String name, UnreachableException why) {
      Verdict verdict = why.verdict();
      return new Server(name, "", "", null, verdict.status() + " " + verdict);
    }
  }
}
