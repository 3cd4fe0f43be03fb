/**
 * The texts of a message, as searches read them, and what an index may know of them. There is one
 * definition of these texts, so that what is indexed is what is searched.
 */
@NullMarked
package hikyaku.mailbox.text;

import org.jspecify.annotations.NullMarked;
