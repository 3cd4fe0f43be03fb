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
  String user(int number) {
    return users.get(number % users.size());
  }
}
