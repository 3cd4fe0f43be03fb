/**
 * Mail of accounts: the door for protocol servers and tools. {@link hikyaku.mailbox.MailStore}
 * gives an {@link hikyaku.mailbox.account.AccountMail}, and that a {@link
 * hikyaku.mailbox.view.Mailbox}.
 */
@NullMarked
package hikyaku.mailbox;

import org.jspecify.annotations.NullMarked;
