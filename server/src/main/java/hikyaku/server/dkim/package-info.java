/**
 * Signatures of mail that goes out, and the keys that domains sign with.
 *
 * <p>A domain has its keys in a log of its own ({@code dkim/<domain>}), so that every node has them
 * at once. A key is made, published in DNS by people, activated, retired when another takes its
 * place, and deleted when no mail is under way any more that it has signed. See ADR 18.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A private key leaves this package as signatures only. It is kept under the key of the
 *       installation, bound to its domain and selector, and is in no log line, answer or exception.
 *   <li>A domain has at most one active key of each algorithm, by a conditional append.
 *   <li>A message is signed before it is in the queue, and the signature is part of what the queue
 *       keeps: whoever sends it, however often, sends the same.
 *   <li>Signed is only what somebody has sent who may write under that author's address. Sealed is
 *       what is sent on, by who sends it on: a seal says what was found, not who wrote it.
 * </ul>
 *
 * <p>RFC 6376 (DKIM), 8301 (RSA-SHA256 alone, sizes of keys), 8463 (Ed25519-SHA256), 8617 (ARC).
 */
@NullMarked
package hikyaku.server.dkim;

import org.jspecify.annotations.NullMarked;
