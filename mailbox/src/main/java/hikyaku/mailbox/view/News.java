package hikyaku.mailbox.view;

import hikyaku.mailbox.log.UidSet;

/**
 * What a session is to be told, in this order: expunges, the number of messages, flags.
 *
 * @param expunged message numbers for EXPUNGE replies, highest first, so that each is right at the
 *     moment it is sent
 * @param vanished the same messages by UID, for VANISHED replies
 * @param exists the number of messages now, or -1 if no message came
 * @param changed numbers, after the expunges, of messages whose flags changed, rising
 */
public record News(int[] expunged, UidSet vanished, int exists, int[] changed) {
  public boolean isEmpty() {
    return expunged.length == 0 && exists < 0 && changed.length == 0;
  }
}
