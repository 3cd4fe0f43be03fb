package hikyaku.server.flow;

import org.jspecify.annotations.Nullable;

/**
 * How a subject stands in one dimension.
 *
 * @param limit what applies, its subject saying where it comes from; null if nothing was set
 * @param here sessions on this node, if they are what is limited
 * @param elsewhere those that other nodes have told of; they tell only of subjects that may be near
 *     a limit
 * @param perSecond how fast it goes on this node; 0 where no limit applies, for then nobody counts
 */
public record Standing(
    Subject subject,
    Dimension dimension,
    @Nullable Limit limit,
    long here,
    long elsewhere,
    double perSecond) {}
