package hikyaku.server.net;

import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What all sessions of a server have in common. */
record NetShared(
    NetLimits limits,
    Traces traces,
    Supplier<String> ids,
    AtomicReference<@Nullable TlsContext> tls,
    Flow flow,
    InstantSource clock) {}
