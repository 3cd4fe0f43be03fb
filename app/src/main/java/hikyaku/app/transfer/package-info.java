/**
 * Mail in and out of an account: Maildir directories (with the folders of Maildir++) and mbox files
 * (mboxrd, RFC 4155), with flags, keywords, dates and folders.
 *
 * <p>Invariants: an import that is run again, or goes on after it was broken off, brings nothing
 * twice, however long ago the first was: a message is the same if its date, to the second, and its
 * octets are. An export that is run again replaces what it wrote and leaves no half of a file under
 * a final name. A message goes out and comes in again octet for octet, except one whose first line
 * ends in a bare LF (neither format can tell it from one in the local form) and, by mbox, one that
 * does not end in a line ending, which then gets one.
 */
@NullMarked
package hikyaku.app.transfer;

import org.jspecify.annotations.NullMarked;
