package hikyaku.mailbox.view;

import hikyaku.mailbox.log.NewMessage;
import java.time.Instant;

/**
 * A message as its log entry holds it. Its flags now are the state's to say.
 *
 * @param uid its UID
 * @param seq the entry that brought it
 * @param saved when it came into this mailbox
 * @param message what came
 */
public record StoredMessage(long uid, long seq, Instant saved, NewMessage message) {}
