/**
 * The sender under which mail goes on that a user has sent on to another service, and the way back
 * (SRS, the Sender Rewriting Scheme). Servers ask by SPF whether whoever hands a message over may
 * send for the domain of its sender; we may not for the author's. So the sender becomes an address
 * of ours that has the author's in it, and what comes back to it goes to the author. See ADR 27.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>Nothing goes on to an address that is not signed by this installation, and nothing but
 *       reports: mail without a sender, so that no loop can be.
 *   <li>A return path needs no state: every node makes and reads the same ones.
 *   <li>A local part that is made here is never longer than any server takes it.
 * </ul>
 *
 * <p>SRS has no RFC: Meng Weng Wong and Shevek, "SRS: A Forwarding Solution for SPF"; RFC 5321
 * §4.5.3.1.1 (lengths), RFC 7208 (SPF).
 */
@NullMarked
package hikyaku.server.srs;

import org.jspecify.annotations.NullMarked;
