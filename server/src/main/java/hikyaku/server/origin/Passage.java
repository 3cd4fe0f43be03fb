package hikyaku.server.origin;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;

/** The way of a message's octets past somebody who looks at them, and takes some fields out. */
public interface Passage extends OctetSink {
  /** Lets through what was held of a message that is at its end. */
  void end() throws IOException;
}
