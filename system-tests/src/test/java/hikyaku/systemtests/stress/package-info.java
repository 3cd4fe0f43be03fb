/** Many clients at random on the same mailboxes, and a model that judges every reply. */
package hikyaku.systemtests.stress;
