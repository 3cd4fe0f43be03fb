package hikyaku.server.search;

import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.BytesTermAttribute;
import org.apache.lucene.util.BytesRef;

/** The grams of one message after the other, as Lucene takes terms. */
final class GramStream extends TokenStream {
  private final BytesTermAttribute term = addAttribute(BytesTermAttribute.class);
  private final byte[] octets = new byte[Gram.MOST_OCTETS];
  private final BytesRef bytes = new BytesRef(octets, 0, 0);
  private long[] grams = new long[0];
  private int at;

  /** Begins a message. */
  void of(long[] message) {
    grams = message;
  }

  @Override
  public void reset() {
    at = 0;
  }

  @Override
  public boolean incrementToken() {
    if (at == grams.length) {
      return false;
    }
    clearAttributes();
    bytes.length = Gram.write(grams[at], octets);
    term.setBytesRef(bytes);
    at++;
    return true;
  }
}
