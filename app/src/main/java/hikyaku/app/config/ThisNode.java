package hikyaku.app.config;

import hikyaku.server.cluster.Identity;
import hikyaku.server.cluster.Role;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * This node among the others of its cluster.
 *
 * @param name what the others call it, unique in the cluster: lower-case letters, digits, dots,
 *     hyphens and underscores. Empty for {@code hostname}
 * @param roles what it does. The listeners of what it does not do stay closed
 * @param address the host name or IP address under which fronts reach this machine. Empty for
 *     {@code hostname}
 * @param keyFile the key of the installation, which all nodes of a cluster share; for one that
 *     comes with the machine. Empty for {@code secret.key} in the data directory, which the first
 *     node makes and {@code hikyaku key} carries to others
 */
public record ThisNode(String name, List<Role> roles, String address, Optional<Path> keyFile) {
  public static final ThisNode DEFAULTS =
      new ThisNode("", List.of(Role.values()), "", Optional.empty());

  public ThisNode {
    if (!name.isEmpty() && !Identity.isName(name)) {
      throw new IllegalArgumentException(
          "node.name is made of lower-case letters, digits, dots, hyphens and underscores,"
              + " and begins with a letter or digit");
    }
    if (roles.isEmpty()) {
      throw new IllegalArgumentException("node.roles names at least one role");
    }
  }

  /** The same with what is empty said. */
  public ThisNode on(String hostname) {
    return new ThisNode(
        name.isEmpty() ? hostname : name, roles, address.isEmpty() ? hostname : address, keyFile);
  }

  public boolean has(Role role) {
    return roles.contains(role);
  }
}
