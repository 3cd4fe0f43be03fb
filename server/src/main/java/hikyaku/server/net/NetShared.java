package hikyaku.server.net;

import java.time.InstantSource;
import java.util.function.Supplier;

/** What all sessions of a server have in common. */
record NetShared(
    NetLimits limits, ParkingLot lot, Traces traces, Supplier<String> ids, InstantSource clock) {}
