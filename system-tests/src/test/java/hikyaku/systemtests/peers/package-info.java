/**
 * The transcripts of the server module, played against other people's servers. What a transcript
 * expects is what we say, since its own tests say so; what counts of it by the RFCs is compared
 * with what the peer says, and each difference has to be explained in a table.
 */
package hikyaku.systemtests.peers;
