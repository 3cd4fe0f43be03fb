/**
 * What reports to other domains have in common, whatever they are about: how they are written as
 * messages, signed, and put into the queue.
 *
 * <p>Invariant: under one id a report is put into the queue once, whichever nodes try.
 *
 * <p>RFC 7489 §7.2.1.1 and 8460 §5.3, which want nearly the same.
 */
@NullMarked
package hikyaku.server.reports;

import org.jspecify.annotations.NullMarked;
