package hikyaku.server.cluster;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** A part of the service that a node does or leaves to others. */
public enum Role {
  /** Takes mail from other servers. */
  MX("smtp"),
  /** Takes mail from users. */
  SUBMISSION("submission"),
  /** Gives mailboxes by IMAP. */
  IMAP("imap"),
  /** Gives mailboxes by POP3. */
  POP3("pop3"),
  /** Takes mail from a mail transfer agent. */
  LMTP("lmtp"),
  /** Gives users their Sieve scripts by ManageSieve. */
  MANAGESIEVE("managesieve");

  private final String protocol;

  Role(String protocol) {
    this.protocol = protocol;
  }

  /** The protocol that is spoken for it, as in metrics, logs and limits. */
  public String protocol() {
    return protocol;
  }

  /** As in the setting {@code node.roles}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Optional<Role> labelled(String label) {
    return Arrays.stream(values()).filter(role -> role.label().equals(label)).findFirst();
  }
}
