package hikyaku.server.imap;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Where something could be said between two responses. */
final class ResponseEdgesTest {
  private static final String ANSWER =
      "* 1 FETCH (BODY[] {12}\r\nline\r\n{3}\r\n* FLAGS (\\Seen))\r\n* 2 FETCH (BODY[] {0}\r\n)\r\n"
          + "* 3 FETCH (X {7+}\r\na\r\nb\r\n"
          + "c Y {2}\r\n\r\n)\r\na OK {5} done\r\n";

  private static byte[] octets(String text) {
    return text.getBytes(ISO_8859_1);
  }

  @Test
  void onlyBehindALineThatNoLiteralFollows() {
    ResponseEdges whole = new ResponseEdges();
    assertThat(whole.isBetween()).isTrue();
    assertThat(whole.fromServer(octets("* 1 FETCH (BODY[] {15}\r\nline\r\n"))).isFalse();
    assertThat(whole.fromServer(octets("{3}\r\n"))).isFalse();
    assertThat(whole.fromServer(octets("x)\r\n"))).isFalse();
    assertThat(whole.fromServer(octets(")\r\n"))).isTrue();
    assertThat(whole.fromServer(octets("a OK {5} done\r"))).isFalse();
    assertThat(whole.fromServer(octets("\n"))).isTrue();
    assertThat(whole.fromServer(octets("x".repeat(100_000) + "{3}"))).isFalse();
    assertThat(whole.fromServer(octets("\r\nab\n"))).isFalse();
    assertThat(whole.fromServer(octets("\r\n"))).isTrue();
    // An octet that ends a line elsewhere, but not here.
    assertThat(whole.fromServer(octets("* LIST () \u0085 {3}\r\n"))).isFalse();
    assertThat(whole.fromServer(octets("abc\r\n"))).isTrue();
    assertThat(whole.fromServer(octets("{99999999999999999999}\r\n"))).isTrue();
    assertThat(whole.fromServer(octets("{9999999999999999999}\r\n"))).isFalse();
  }

  @Test
  void howeverTheOctetsCome() {
    ResponseEdges whole = new ResponseEdges();
    byte[] all = octets(ANSWER);
    boolean end = whole.fromServer(all);
    for (int size = 1; size < all.length; size++) {
      ResponseEdges parts = new ResponseEdges();
      boolean last = false;
      for (int at = 0; at < all.length; at += size) {
        last = parts.fromServer(Arrays.copyOfRange(all, at, Math.min(all.length, at + size)));
      }
      assertThat(last).isEqualTo(end);
    }
  }

  @Test
  void nowhereOnceTheClientCompresses() {
    ResponseEdges edges = new ResponseEdges();
    edges.fromClient(octets("a SEARCH TEXT compress\r\nb COMP"));
    assertThat(edges.fromServer(octets("* OK\r\n"))).isTrue();
    edges.fromClient(octets("ress DEFLATE\r\n"));
    assertThat(edges.fromServer(octets("b OK\r\n"))).isFalse();
    assertThat(edges.areKnown()).isFalse();
  }
}
