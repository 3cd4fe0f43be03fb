package hikyaku.mailbox;

import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.log.NewMessage;

/**
 * A message for a folder of an account.
 *
 * @param account the account's id
 * @param folder where to put it; if there is no such folder (any more), INBOX takes it
 * @param root id of the account that the message came for, and whose script may have sent it on to
 *     this one. With the mailbox it tells one delivery of an {@link Attempt} from another, whoever
 *     else is delivered to in the same round
 */
public record Delivery(String account, String folder, NewMessage message, String root) {
  public static Delivery toInbox(String account, NewMessage message) {
    return new Delivery(account, Folder.INBOX, message, account);
  }
}
