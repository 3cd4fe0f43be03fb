/**
 * A mailbox folded from its log, and a session's view of it.
 *
 * <p>{@link hikyaku.mailbox.view.MailboxState} is an immutable fold: columns of primitives in
 * chunks, shared between versions, so that any number of sessions read it without a lock while the
 * next version is made. {@link hikyaku.mailbox.view.Mailbox} keeps the newest version on this node
 * and writes to the log. {@link hikyaku.mailbox.view.View} is what one session has been told: three
 * positions in the log ({@link hikyaku.mailbox.view.Positions}), enough for another node to carry
 * the session on with the same message numbers.
 *
 * <p>Invariants: MODSEQ is the log's sequence. A message's number is its rank among the messages of
 * the view. A view loses a message only when the session is told of it.
 */
@NullMarked
package hikyaku.mailbox.view;

import org.jspecify.annotations.NullMarked;
