package hikyaku.systemtests.peers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** What has been delivered to users of a peer, looked at by its IMAP. */
public final class Mailboxes {
  private static final long PATIENCE_SECONDS = 60;

  private final InetSocketAddress imap;

  public Mailboxes(InetSocketAddress imap) {
    this.imap = imap;
  }

  /** How many messages a user has, as soon as there are so many that are on their way. */
  int count(String user, int due) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    try (Helper helper = new Helper(imap, user)) {
      while (true) {
        int count = Integer.parseInt(helper.messages());
        if (count >= due) {
          return count;
        }
        if (System.nanoTime() > deadline) {
          throw new IOException(user + " has " + count + " messages of " + due);
        }
        TimeUnit.MILLISECONDS.sleep(20);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /**
   * The octets of a message.
   *
   * @param number from 1, at most {@link #count}
   */
  String message(String user, int number) throws IOException {
    try (Helper helper = new Helper(imap, user)) {
      helper.ask("EXAMINE INBOX");
      String response = helper.ask("FETCH " + number + " BODY.PEEK[]");
      int open = response.indexOf('{');
      int begin = response.indexOf("\r\n", open) + 2;
      int octets = Integer.parseInt(response.substring(open + 1, response.indexOf('}', open)));
      return response.substring(begin, begin + octets);
    }
  }
}
