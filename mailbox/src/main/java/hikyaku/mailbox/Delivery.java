package hikyaku.mailbox;

import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.log.NewMessage;

/**
 * A message for a folder of an account.
 *
 * @param account the account's id
 * @param folder where to put it; if there is no such folder (any more), INBOX takes it
 */
public record Delivery(String account, String folder, NewMessage message) {
  public static Delivery toInbox(String account, NewMessage message) {
    return new Delivery(account, Folder.INBOX, message);
  }
}
