package hikyaku.server.net;

/**
 * How a stop went.
 *
 * @param inOrder sessions that said goodbye or ended by themselves
 * @param forced sessions closed after the grace time
 * @param stuck sessions whose threads did not end even so; named in the log
 */
public record StopReport(int inOrder, int forced, int stuck) {}
