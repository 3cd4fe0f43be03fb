/**
 * Load generators that measure a running node from outside, over its sockets, and the figures they
 * give.
 */
@NullMarked
package hikyaku.benchmarks;

import org.jspecify.annotations.NullMarked;
