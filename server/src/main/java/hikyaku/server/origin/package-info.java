/**
 * Whom mail that comes in is from: what SPF, DKIM, DMARC and ARC say of it, and what follows.
 *
 * <p>An {@link hikyaku.server.origin.Origin} begins an {@link hikyaku.server.origin.Examination} of
 * each message: SPF is asked with the first recipient, keys and policies when the header is there,
 * all beside the message that comes in; its body is hashed as it passes. The {@link
 * hikyaku.server.origin.Finding} at its end is a header field and what to do.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>Every wait for DNS has an end, and every message a bounded number of questions.
 *   <li>Nothing that others have written is in the field or in a log but names of domains.
 *   <li>A field that says to be ours and is not never gets in.
 *   <li>What could not be found out is never taken for a failure of the message.
 * </ul>
 *
 * <p>RFC 7208 (SPF), 6376 with 8301 and 8463 (DKIM), 7489 with the tree walk of its successor
 * (DMARC), 8617 (ARC), 8601 (Authentication-Results), 7372 (status codes). See ADR 19.
 */
@NullMarked
package hikyaku.server.origin;

import org.jspecify.annotations.NullMarked;
