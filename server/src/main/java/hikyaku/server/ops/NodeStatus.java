package hikyaku.server.ops;

import hikyaku.server.net.ConnectionInfo;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** What a running node tells of itself and lets be done to it. */
public interface NodeStatus {
  /** When it became ready. */
  Instant started();

  /** Name of the node among the others, or of the front. */
  String name();

  /** Name of the server as it greets. */
  String hostname();

  /** Versions of what runs, each with its name. */
  List<Versioned> versions();

  /** A part of the program and its version. */
  record Versioned(String part, String version) {}

  /** Listeners that accept connections now. */
  List<ListenerView> listeners();

  /**
   * A listener.
   *
   * @param name as in the configuration
   * @param protocol what is spoken
   * @param address where, with the port
   * @param tls {@code none}, {@code starttls} or {@code implicit}
   */
  record ListenerView(String name, String protocol, String address, String tls) {}

  /** Live connections. */
  List<ConnectionInfo> sessions();

  /** Load of the machine, 0 to 1. */
  double load();

  /** What was done since the start. */
  Work work();

  /**
   * Work done.
   *
   * @param messages messages taken in by SMTP, LMTP and submission
   * @param copies mailboxes that they were put into
   * @param refusals commands of these protocols that were refused
   * @param bugs sessions that met a bug of ours; zero, if all is well
   */
  record Work(long messages, long copies, long refusals, long bugs) {}

  /** Ends a session; false if there is none of that id. */
  boolean endSession(String id);

  /** Has sessions that came by fronts leave for nodes that are chosen anew; says how many. */
  int moveSessions(Predicate<ConnectionInfo> which);

  /** Ends the sessions of an account. */
  void endSessionsOf(String account);

  /**
   * Writes what is said in sessions to the log, secrets left out, or ends that.
   *
   * @param whom a session's id, a client's IP address or an account's address
   * @return false if there is nothing of that kind to begin or end with
   */
  boolean trace(String whom, boolean on);

  /** Reads the certificates again, for sessions that begin from now on; tells what it cannot. */
  Optional<String> reloadTls();

  /** Sets what is logged from now on; empty if that is no level, else the level. */
  Optional<String> logLevel(String level);

  /** The configuration in force, as a file that says all of it. */
  String configuration();

  /** Metrics in the text format of Prometheus. */
  String metrics();
}
