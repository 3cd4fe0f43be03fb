/**
 * What is written to the logs of mailboxes and folder trees, and the values in it.
 *
 * <p>The events are sealed records; {@link hikyaku.mailbox.log.MailboxCodec} and {@link
 * hikyaku.mailbox.log.FoldersCodec} turn them into Protocol Buffers and back. Folding them is the
 * next package's work.
 */
@NullMarked
package hikyaku.mailbox.log;

import org.jspecify.annotations.NullMarked;
