package hikyaku.server.imap;

import hikyaku.protocol.imap.ResponseWriter;
import hikyaku.server.net.Output;
import java.io.IOException;

/** Responses to the connection's output, counted. */
final class Wire implements ResponseWriter.Target {
  private final Output out;
  private long answered;

  Wire(Output out) {
    this.out = out;
  }

  /** An answer begins. */
  void startAnswer() {
    answered = 0;
  }

  /** Octets of the answer so far. */
  long answered() {
    return answered;
  }

  @Override
  public void text(byte[] octets, int offset, int length) throws IOException {
    answered += length;
    out.writeText(octets, offset, length);
  }

  @Override
  public void hidden(String text) throws IOException {
    answered += text.length();
    out.writeHidden(text);
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    answered += length;
    out.write(octets, offset, length);
  }
}
