package hikyaku.server.queue;

import hikyaku.server.smtpclient.Verdict;
import java.time.Duration;
import java.util.Optional;

/**
 * How a destination fares, in the parts of the queue that a node works.
 *
 * @param waiting messages for it, those on their way and those that are held among them
 * @param underWay deliveries at this moment
 * @param rest how long it is left alone yet, since nobody there could be spoken to; zero if it is
 *     not
 * @param paced whether its rate is used up
 * @param trouble why it was left alone last, if nothing has gone there since
 */
public record Standing(
    String destination,
    int waiting,
    int underWay,
    Duration rest,
    boolean paced,
    Optional<Verdict> trouble) {}
