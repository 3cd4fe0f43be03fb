/** What the engines have in common: waiting for threads of one's own, counting, local hints. */
@NullMarked
package hikyaku.stores.base;

import org.jspecify.annotations.NullMarked;
