/**
 * Reports to other domains how TLS with their servers goes: counts, keeps the counts of a day in
 * the store, and sends each domain that asks for it a report of the day that is over.
 *
 * <p>Invariants: a node that dies takes with it the counts since they were last written down, about
 * a minute's, and no more; a report that goes by mail is put into the queue once, whichever nodes
 * try; a report is sent without regard to policies about TLS, as it may be about one that fails.
 *
 * <p>RFC 8460 (TLSRPT).
 */
@NullMarked
package hikyaku.server.tlsrpt;

import org.jspecify.annotations.NullMarked;
