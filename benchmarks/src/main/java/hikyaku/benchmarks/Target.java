package hikyaku.benchmarks;

import java.util.List;

/**
 * A server to measure.
 *
 * @param pid its process, for its memory; 0 if it is not known
 */
record Target(
    String host,
    int smtp,
    int lmtp,
    int imap,
    int imaps,
    int pop3,
    List<String> users,
    String password,
    long pid) {
  /** The same behind another door. */
  Target at(int otherImap, int otherImaps, long process) {
    return new Target(host, smtp, lmtp, otherImap, otherImaps, pop3, users, password, process);
  }

  String user(int number) {
    return users.get(number % users.size());
  }
}
