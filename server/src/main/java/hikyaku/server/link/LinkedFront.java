package hikyaku.server.link;

/**
 * A front as a node has it.
 *
 * @param name as the front calls itself; two may have one
 * @param run a number of its run, the same on all its links; 0 if it answers no questions
 * @param sessions that it has here
 */
public record LinkedFront(String name, long run, int sessions) {}
