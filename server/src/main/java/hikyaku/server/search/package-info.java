/**
 * An index of the texts of messages, beside the store and made from it alone. It narrows searches:
 * a message that cannot hold the strings wanted need not be read. Others are read and decide for
 * themselves, so that what is found never depends on the index.
 *
 * <p>What it notes of a message are its <em>grams</em>: every three characters in a row, their case
 * folded, in each of its {@linkplain hikyaku.mailbox.text.MessageTexts#everything texts}. A message
 * that holds a string has all grams of that string, in any language.
 *
 * <p>Invariants: what the index says of a message is true of the message that has this UID,
 * sequence, size and date, for messages are never rewritten; of a message that it does not know it
 * says nothing. So it may be behind, incomplete or gone at any time. It is the only room that sees
 * Lucene.
 */
@NullMarked
package hikyaku.server.search;

import org.jspecify.annotations.NullMarked;
