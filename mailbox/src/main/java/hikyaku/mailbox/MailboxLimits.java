package hikyaku.mailbox;

import java.time.Duration;
import java.util.Optional;

/**
 * Limits of mailboxes and folder trees.
 *
 * @param folders folders of one account; each costs memory when listed. Reply: NO [LIMIT]
 * @param nameOctets UTF-8 octets of a folder's full name; it is shown, logged and sorted whole.
 *     Reply: NO [CANNOT]
 * @param depth levels of a folder's name; clients draw them as a tree. Reply: NO [CANNOT]
 * @param subscriptions names subscribed to; a subscription needs no folder, so folders do not bound
 *     it. Reply: NO [LIMIT]
 * @param annotations annotations of one folder, or of the account as a whole (RFC 5464 §4.1 asks
 *     for 10). Reply: NO [METADATA TOOMANY]
 * @param annotationOctets octets of all annotations of one account, entries and values; they are
 *     part of the tree that each node folds into memory. Reply: NO [LIMIT]
 * @param rights entries of who may do what with one folder (RFC 4314); they are part of the tree
 *     too. Reply: NO [LIMIT]
 * @param sharers accounts that share with one other, or with everybody; each costs a look whenever
 *     folders are listed. Reply: NO [LIMIT]
 * @param keywords different keywords of one mailbox; each message points at its set. Reply: NO
 *     [LIMIT]
 * @param keywordLength characters of one keyword. Reply: NO [LIMIT]
 * @param messages messages of one mailbox. Reply: NO [LIMIT]
 * @param tombstones expunges remembered for QRESYNC; a client that was away for longer gets all
 *     UIDs that are not there (RFC 7162 §3.2.10.2), which is right and merely longer
 * @param conflicts how often a write that lost a race is tried again before it is refused for now
 * @param snapshotAfter entries folded since the last snapshot that make a new one worth its cost
 * @param history how long dead entries, and with them the blobs of expunged messages, are kept
 * @param cachedMessages messages of mailboxes not in use that stay folded in memory (some 25 octets
 *     each); never more than an eighth of the heap holds
 * @param briefOctets memory in which the envelopes of messages that were sorted, threaded or
 *     searched are kept for the next time (some 250 octets each); beyond it they are read again. If
 *     it is not said, an eighth of the heap
 */
public record MailboxLimits(
    int folders,
    int nameOctets,
    int depth,
    int subscriptions,
    int annotations,
    long annotationOctets,
    int rights,
    int sharers,
    int keywords,
    int keywordLength,
    int messages,
    int tombstones,
    int conflicts,
    int snapshotAfter,
    Duration history,
    long cachedMessages,
    Optional<Long> briefOctets) {
  public static final MailboxLimits DEFAULT =
      new MailboxLimits(
          20_000,
          1_000,
          32,
          20_000,
          100,
          1024 * 1024,
          100,
          200,
          200,
          100,
          10_000_000,
          20_000,
          100,
          2_000,
          Duration.ofDays(1),
          5_000_000,
          Optional.empty());
}
