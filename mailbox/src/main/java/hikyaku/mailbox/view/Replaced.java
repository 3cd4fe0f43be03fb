package hikyaku.mailbox.view;

import org.jspecify.annotations.Nullable;

/**
 * What replacing a message has come to.
 *
 * @param added what came, or null if the message to be replaced was gone already: then nothing did
 * @param state the mailbox that had it, afterwards
 */
public record Replaced(@Nullable Added added, MailboxState state) {}
