package hikyaku.protocol.mime;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;

/** What octets go through on their way, and that is told where they end. */
interface Stage extends OctetSink {
  /** Hands on what is left. To be called once. */
  void end() throws IOException;
}
