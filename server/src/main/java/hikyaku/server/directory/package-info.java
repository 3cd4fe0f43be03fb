/**
 * Who exists: domains, addresses, accounts.
 *
 * <p>{@link hikyaku.server.directory.Directory} reads, {@link
 * hikyaku.server.directory.DirectoryAdmin} writes; other sources of accounts need only the first.
 * {@code EmbeddedDirectory} keeps both on the store's logs: a log for each domain, each address and
 * each account, so that none of them grows with the number of accounts.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>An address belongs to one account or is one alias: the conditional append to its own log
 *       decides, whoever else is asking for it at the same moment.
 *   <li>An account exists when its primary address names it and its own log does not say removed. A
 *       half-done creation or removal is therefore invisible, and {@code verify} clears it up.
 *   <li>Account ids are random and never used again.
 *   <li>What authenticates an account is never part of {@link hikyaku.server.directory.Account}; it
 *       leaves by {@link hikyaku.server.directory.CredentialSource} only, for {@code
 *       hikyaku.server.auth}.
 * </ul>
 *
 * <p>RFC 5321 (addresses, postmaster), RFC 5233 (sub-addresses), RFC 6531 (addresses beyond ASCII),
 * RFC 5890 (domain names in A-labels).
 */
@NullMarked
package hikyaku.server.directory;

import org.jspecify.annotations.NullMarked;
