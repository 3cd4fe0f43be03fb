package hikyaku.server.smtpclient;

import org.jspecify.annotations.Nullable;

/** Is told of each attempt to have TLS with a server that takes mail for a domain. */
@FunctionalInterface
public interface TlsObserver {
  /**
   * How TLS went.
   *
   * @param policy that was applied
   * @param fault null if all was as the policy wants it, or TLS came about where there is none
   * @param reason more of the fault, for people, or empty
   * @param server its name, or empty if it did not come to a server
   * @param to its address, or empty
   * @param from ours, or empty
   */
  record Outcome(
      TlsPolicy policy,
      @Nullable TlsFault fault,
      String reason,
      String server,
      String to,
      String from) {}

  /** Returns at once. */
  void told(Outcome outcome);
}
