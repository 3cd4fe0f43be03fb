package hikyaku.server.lists;

import java.net.URI;
import java.net.URISyntaxException;

/**
 * Mailing lists.
 *
 * @param url where the pages of {@code listen.web} are seen from outside, such as {@code
 *     https://lists.example.org}: members leave a list by it with one click (RFC 8058). Empty for
 *     no such link; mail to an address is the other way
 * @param members how many a list may have. 2000: each is an entry of the queue, all of them one
 *     durability round
 * @param owners how many a list may have. 20
 * @param held how many messages of one list may wait for a moderator. 100: more are refused for now
 * @param bounceDays on how many days mail to a member must have come back before nothing more is
 *     sent to it. 3: a mailbox that is full or broken for a day stays a member
 * @param messageOctets the largest message that goes to the members. 10M: it goes out as often as
 *     the list has members. Reply: 552 5.3.4
 */
public record ListSettings(
    String url, int members, int owners, int held, int bounceDays, long messageOctets) {
  public static final ListSettings DEFAULTS =
      new ListSettings("", 2000, 20, 100, 3, 10L * 1024 * 1024);

  public ListSettings {
    if (!url.isEmpty() && !isUsable(url)) {
      throw new IllegalArgumentException("lists.url begins with https:// and names a server");
    }
  }

  private static boolean isUsable(String url) {
    try {
      URI parsed = new URI(url);
      return "https".equals(parsed.getScheme()) && parsed.getHost() != null;
    } catch (URISyntaxException e) {
      return false;
    }
  }
}
