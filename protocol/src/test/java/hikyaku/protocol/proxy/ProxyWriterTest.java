package hikyaku.protocol.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is written is what is read. */
final class ProxyWriterTest {
  private static final InetSocketAddress FOUR = at("192.0.2.7", 40_000);
  private static final InetSocketAddress OTHER_FOUR = at("198.51.100.9", 143);
  private static final InetSocketAddress SIX = at("2001:db8::7", 65_535);
  private static final InetSocketAddress OTHER_SIX = at("2001:db8:1::9", 1);

  private static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }

  @Test
  void bothVersionsAreReadAsTheyWereMeant() {
    for (List<InetSocketAddress> pair :
        List.of(List.of(FOUR, OTHER_FOUR), List.of(SIX, OTHER_SIX))) {
      InetSocketAddress source = pair.getFirst();
      InetSocketAddress destination = pair.getLast();
      for (byte[] header :
          List.of(
              ProxyWriter.version1(source, destination),
              ProxyWriter.version2(source, destination))) {
        assertThat(ProxyHeader.parse(header, header.length))
            .isEqualTo(new ProxyHeader.Proxied(source, destination, header.length));
      }
    }
  }

  @Test
  void twoFamiliesAreWrittenAsOne() {
    byte[] header = ProxyWriter.version2(FOUR, OTHER_SIX);
    assertThat(ProxyHeader.parse(header, header.length))
        .isInstanceOfSatisfying(
            ProxyHeader.Proxied.class,
            read -> {
              assertThat(read.source()).isEqualTo(FOUR);
              assertThat(read.destination()).isEqualTo(OTHER_SIX);
            });
    assertThat(new String(ProxyWriter.version1(FOUR, OTHER_SIX), US_ASCII))
        .startsWith("PROXY TCP6 ::ffff:192.0.2.7 ");
  }

  @Test
  void version1IsWrittenAsItsSpecificationShows() {
    assertThat(new String(ProxyWriter.version1(FOUR, OTHER_FOUR), US_ASCII))
        .isEqualTo("PROXY TCP4 192.0.2.7 198.51.100.9 40000 143\r\n");
  }
}
