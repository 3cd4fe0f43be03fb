package hikyaku.server.imap;

import hikyaku.protocol.imap.ResponseWriter;
import hikyaku.server.net.Output;
import java.io.IOException;

/** Responses to the connection's output. */
record Wire(Output out) implements ResponseWriter.Target {
  @Override
  public void text(String text) throws IOException {
    out.write(text);
  }

  @Override
  public void hidden(String text) throws IOException {
    out.writeHidden(text);
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    out.write(octets, offset, length);
  }
}
