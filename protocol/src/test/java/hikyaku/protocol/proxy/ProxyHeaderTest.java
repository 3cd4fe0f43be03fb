package hikyaku.protocol.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import hikyaku.protocol.proxy.ProxyHeader.Incomplete;
import hikyaku.protocol.proxy.ProxyHeader.Malformed;
import hikyaku.protocol.proxy.ProxyHeader.Proxied;
import hikyaku.protocol.proxy.ProxyHeader.Unproxied;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyHeaderTest {
  private static final long SEED = 20260101;
  private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

  /** 192.0.2.1:4660 to 198.51.100.2:993. */
  private static final String IPV4 = "c0000201 c6336402 1234 03e1";

  /** The same, with the checksum 0 still to be replaced, between two TLVs of other types. */
  private static final String CHECKED =
      SIGNATURE + "21 11 001b" + IPV4 + "02000178 030004" + "%08x" + "04000100";

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  private static byte[] text(String text) {
    return text.replace("\\r", "\r").replace("\\n", "\n").getBytes(ISO_8859_1);
  }

  private static ProxyHeader parse(byte[] octets) {
    return ProxyHeader.parse(octets, octets.length);
  }

  @ParameterizedTest
  @CsvSource({
    "TCP4 192.0.2.1 198.51.100.2 4660 993, 192.0.2.1:4660, 198.51.100.2:993",
    "TCP4 255.255.255.255 0.0.0.0 65535 0, 255.255.255.255:65535, 0.0.0.0:0",
    "TCP6 2001:db8::1 ::1 4660 993, [2001:db8:0:0:0:0:0:1]:4660, [0:0:0:0:0:0:0:1]:993",
    "TCP6 ::ffff:192.0.2.1 ::1 4660 993, 192.0.2.1:4660, [0:0:0:0:0:0:0:1]:993",
    "TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535"
        + " 65535, [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535,"
        + " [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
  })
  void readsVersion1(String fields, String source, String destination) {
    byte[] header = text("PROXY " + fields + "\r\n");
    assertProxied(header, source, destination);
  }

  private static void assertProxied(byte[] header, String source, String destination) {
    assertThat(parse(header)).isInstanceOf(Proxied.class);
    Proxied proxied = (Proxied) parse(header);
    assertThat(shown(proxied.source())).isEqualTo(source);
    assertThat(shown(proxied.destination())).isEqualTo(destination);
    assertThat(proxied.length()).isEqualTo(header.length);
  }

  private static String shown(InetSocketAddress address) {
    return address.toString().substring(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 \u00ff what ever\r\n"})
  void takesVersion1WithoutAddresses(String header) {
    assertThat(parse(text(header))).isEqualTo(new Unproxied(header.length()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY TCP4 192.0.2.1 198.51.100.2 4660 993\\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 4660\\r\\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 4660 993 \\r\\n",
        "PROXY TCP4  192.0.2.1 198.51.100.2 4660 993\\r\\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 4660 65536\\r\\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 4660 0993\\r\\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 4660 +99\\r\\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 4660 -1\\r\\n",
        "PROXY TCP4 192.0.2.01 198.51.100.2 4660 993\\r\\n",
        "PROXY TCP4 192.0.2.256 198.51.100.2 4660 993\\r\\n",
        "PROXY TCP4 192.0.513 198.51.100.2 4660 993\\r\\n",
        "PROXY TCP4 2001:db8::1 ::1 4660 993\\r\\n",
        "PROXY TCP4 localhost 198.51.100.2 4660 993\\r\\n",
        "PROXY TCP6 192.0.2.1 198.51.100.2 4660 993\\r\\n",
        "PROXY TCP6 fe80::1%lo ::1 4660 993\\r\\n",
        "PROXY TCP6 [::1] ::1 4660 993\\r\\n",
        "PROXY TCP6 1::2::3 ::1 4660 993\\r\\n",
        "PROXY TCP6 : ::1 4660 993\\r\\n",
        "PROXY UDP4 192.0.2.1 198.51.100.2 4660 993\\r\\n",
        "PROXY UNKNOWNS\\r\\n",
        "PROXY \\r\\n",
        "PROXY  TCP4\\r\\n",
        "PROXY tcp4 192.0.2.1 198.51.100.2 4660 993\\r\\n",
        "proxy TCP4 192.0.2.1 198.51.100.2 4660 993\\r\\n",
        "EHLO mail.example.org\\r\\n",
        "\\r\\nPROXY UNKNOWN\\r\\n",
      })
  void refusesOtherLines(String line) {
    assertThat(parse(text(line))).isInstanceOf(Malformed.class);
  }

  @Test
  void aLineHasAnEnd() {
    byte[] longest = text("PROXY UNKNOWN " + "x".repeat(91) + "\r\n");
    assertThat(longest).hasSize(ProxyHeader.LONGEST_V1);
    assertThat(parse(longest)).isEqualTo(new Unproxied(ProxyHeader.LONGEST_V1));
    assertThat(parse(text("PROXY UNKNOWN " + "x".repeat(92) + "\r\n")))
        .isInstanceOf(Malformed.class);
  }

  @Test
  void readsVersion2() {
    assertProxied(hex(SIGNATURE + "21 11 000c" + IPV4), "192.0.2.1:4660", "198.51.100.2:993");
    assertProxied(
        hex(
            SIGNATURE
                + "21 21 0024 20010db8000000000000000000000001"
                + "00000000000000000000000000000001 ffff 0019"),
        "[2001:db8:0:0:0:0:0:1]:65535",
        "[0:0:0:0:0:0:0:1]:25");
    assertProxied(
        hex(SIGNATURE + "21 11 0013" + IPV4 + "040000 01000178"),
        "192.0.2.1:4660",
        "198.51.100.2:993");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // LOCAL, whatever else it says
        "20 00 0000",
        "20 11 0003 ffffff",
        "20 ff 0001 00",
        // UNSPEC
        "21 00 0000",
        "21 01 0002 ffff",
        // valid and not for us: UDP
        "21 12 000c c0000201 c6336402 1234 03e1",
      })
  void takesVersion2WithoutAddresses(String rest) {
    byte[] header = hex(SIGNATURE + rest);
    assertThat(parse(header)).isEqualTo(new Unproxied(header.length));
  }

  @Test
  void takesUnixSockets() {
    byte[] header = hex(SIGNATURE + "21 31 00d8" + "00".repeat(216));
    assertThat(parse(header)).isEqualTo(new Unproxied(header.length));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "11 11 000c" + IPV4,
        "31 11 000c" + IPV4,
        "22 11 000c" + IPV4,
        "21 13 000c" + IPV4,
        "21 41 000c" + IPV4,
        "21 21 000c" + IPV4,
        "21 31 000c" + IPV4,
        "21 11 000b c0000201 c6336402 1234 03",
        "21 11 000d" + IPV4 + "04",
        "21 11 000f" + IPV4 + "040001",
        "21 11 0010" + IPV4 + "04000200",
        "21 11 0012" + IPV4 + "030003 000000",
        "21 11 1000" + IPV4,
        "21 11 ffff",
      })
  void refusesOthers(String rest) {
    assertThat(parse(hex(SIGNATURE + rest))).isInstanceOf(Malformed.class);
  }

  @Test
  void looksAtTheChecksum() {
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(hex(CHECKED.formatted(0)));
    int right = (int) crc.getValue();
    assertProxied(hex(CHECKED.formatted(right)), "192.0.2.1:4660", "198.51.100.2:993");
    for (int bit = 0; bit < Integer.SIZE; bit++) {
      assertThat(parse(hex(CHECKED.formatted(right ^ 1 << bit)))).isInstanceOf(Malformed.class);
    }
    byte[] header = hex(CHECKED.formatted(right));
    for (int at = 16; at < 28; at++) {
      byte[] changed = header.clone();
      changed[at] ^= 1;
      assertThat(parse(changed)).as("octet " + at).isInstanceOf(Malformed.class);
    }
  }

  private static final List<byte[]> CORPUS =
      List.of(
          text("PROXY TCP4 192.0.2.1 198.51.100.2 4660 993\r\n"),
          text("PROXY TCP6 2001:db8::1 ::1 4660 993\r\n"),
          text("PROXY UNKNOWN\r\n"),
          hex(SIGNATURE + "21 11 0013" + IPV4 + "040000 01000178"),
          hex(SIGNATURE + "20 00 0000"),
          hex(SIGNATURE + "21 21 0024" + "20".repeat(36)));

  @Test
  void whateverComesIsJudged() {
    Random random = new Random(SEED);
    int proxied = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] octets = mutated(CORPUS.get(random.nextInt(CORPUS.size())), random);
      try {
        whateverComes(octets);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(
            "seed " + SEED + " round " + round + " " + HexFormat.of().formatHex(octets), e);
      }
      proxied += parse(octets) instanceof Proxied ? 1 : 0;
    }
    assertThat(proxied).isBetween(2_000, 18_000);
  }

  private static byte[] mutated(byte[] from, Random random) {
    byte[] octets = Arrays.copyOf(from, from.length + random.nextInt(8) - 2);
    for (int changes = random.nextInt(3); changes > 0; changes--) {
      octets[random.nextInt(octets.length)] = (byte) random.nextInt(256);
    }
    return octets;
  }

  /**
   * An octet more never takes an answer back, no answer needs octets that were not asked for, and
   * what follows a header makes no difference to it.
   */
  @FuzzTest
  void whateverComes(byte[] octets) {
    ProxyHeader before = new Incomplete(1);
    for (int length = 0; length <= octets.length; length++) {
      ProxyHeader now = ProxyHeader.parse(octets, length);
      if (before instanceof Incomplete(int wanted)) {
        assertThat(now instanceof Incomplete || now instanceof Malformed || length >= wanted)
            .isTrue();
        switch (now) {
          case Incomplete(int more) ->
              assertThat(more).isBetween(Math.max(length + 1, wanted), ProxyHeader.LONGEST_V2);
          case Proxied header -> {
            assertThat(header.length()).isEqualTo(length);
            assertThat(header.source().getAddress()).isNotNull();
            assertThat(header.destination().getAddress()).isNotNull();
          }
          case Unproxied(int header) -> assertThat(header).isEqualTo(length);
          case Malformed(String reason) -> assertThat(reason).isNotEmpty();
        }
      } else {
        assertThat(now).isEqualTo(before);
      }
      before = now;
    }
  }
}
