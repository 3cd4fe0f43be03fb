package hikyaku.app;

import hikyaku.app.config.Listen;
import hikyaku.app.config.ThisNode;
import hikyaku.server.cluster.Role;
import hikyaku.server.net.ListenerSpec;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.TlsMode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The listeners that a configuration asks for. */
final class Listeners {
  private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

  private final Listen listen;
  private final ThisNode node;
  private final List<ListenerSpec> specs = new ArrayList<>();

  Listeners(Listen listen, ThisNode node) {
    this.listen = listen;
    this.node = node;
  }

  /** Adds a listener on each of its addresses, unless it or its role is switched off. */
  void add(
      Role role,
      String name,
      Listen.Listener listener,
      int standard,
      Protocol protocol,
      TlsMode tls)
      throws Failure {
    if (!listener.enabled() || !node.has(role)) {
      return;
    }
    int number = 0;
    for (InetSocketAddress address : addresses(listener, standard)) {
      number++;
      specs.add(
          new ListenerSpec(
              number == 1 ? name : name + "-" + number,
              protocol,
              address,
              tls,
              listener.proxyFrom()));
    }
  }

  /**
   * Adds a listener that nobody misses who only tries the server out: on a port of the range that
   * is not standard, and that nobody set, it is left out if another program has the port.
   */
  void addIfFree(
      Role role,
      String name,
      Listen.Listener listener,
      int standard,
      Protocol protocol,
      TlsMode tls)
      throws Failure {
    boolean chosen = listener.port().isPresent() || listen.standardPorts();
    for (InetSocketAddress address : addresses(listener, standard)) {
      if (!chosen && listener.enabled() && node.has(role) && !isFree(address)) {
        LOG.atWarn()
            .addKeyValue("listener", name)
            .addKeyValue("port", address.getPort())
            .log("Another program has this port: the node serves without this listener");
        return;
      }
    }
    add(role, name, listener, standard, protocol, tls);
  }

  private static boolean isFree(InetSocketAddress address) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(address);
      return true;
    } catch (IOException taken) {
      return false;
    }
  }

  List<ListenerSpec> specs() {
    return List.copyOf(specs);
  }

  List<InetSocketAddress> addresses(Listen.Listener listener, int standard) throws Failure {
    int port = listen.port(listener, standard);
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (String text : listener.addresses()) {
      InetSocketAddress address =
          text.equals("*") ? new InetSocketAddress(port) : new InetSocketAddress(text, port);
      if (address.isUnresolved()) {
        throw new Failure(
            "There is no address "
                + text
                + "; listeners take IP addresses of this machine, or \"*\" for all.");
      }
      addresses.add(address);
    }
    return addresses;
  }
}
