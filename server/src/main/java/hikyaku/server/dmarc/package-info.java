/**
 * Aggregate reports of DMARC: what policies made of mail that came in is counted by day, and each
 * domain that asks for it is told, once, of the day that is over; and what others tell of our
 * domains is read.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>What was counted is durable before the client hears what became of its message, and counts
 *       once however often the end of the message is repeated, on whichever node.
 *   <li>A day of a domain is reported once at most to each address: the message and the note that
 *       it is there are written in one round, each once under its key.
 *   <li>However many domains, clients and signatures mail names, memory and store are bounded; what
 *       is beyond is counted, and told in the report.
 *   <li>Nobody gets reports for others who did not say that he wants them.
 *   <li>What others send is read where no client waits for it, once, within bounds, and only if it
 *       is proven to be theirs.
 * </ul>
 *
 * <p>RFC 7489 §7 and Appendix C, in the form of its successor, RFC 9990.
 */
@NullMarked
package hikyaku.server.dmarc;

import org.jspecify.annotations.NullMarked;
