/**
 * What DNS says. One set-up of resolvers and one cache serve all who ask.
 *
 * <p>Invariants: every question has an end; "there is none", "there is no such name" and "nobody
 * can say now" are told apart; a name that DNS cannot have is one that does not exist.
 */
@NullMarked
package hikyaku.server.dns;

import org.jspecify.annotations.NullMarked;
