package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressPrefixTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.255.255, true",
    "10.0.0.0/8, 11.0.0.0, false",
    "10.0.0.0/8, a00::, false",
    "192.0.2.128/25, 192.0.2.128, true",
    "192.0.2.128/25, 192.0.2.127, false",
    "192.0.2.7, 192.0.2.7, true",
    "192.0.2.7/32, 192.0.2.6, false",
    "0.0.0.0/0, 203.0.113.9, true",
    "0.0.0.0/0, ::1, false",
    "2001:db8::/33, 2001:db8:7fff::1, true",
    "2001:db8::/33, 2001:db8:8000::1, false",
    "::1, ::1, true",
    "::/0, 2001:db8::1, true",
    "::/0, 192.0.2.7, false",
  })
  void contains(String prefix, String address, boolean inside) {
    assertThat(AddressPrefix.parse(prefix).contains(InetAddress.ofLiteral(address)))
        .isEqualTo(inside);
  }

  @Test
  void isWrittenAsItIsRead() {
    for (String text : new String[] {"10.0.0.0/8", "192.0.2.7", "0.0.0.0/0"}) {
      assertThat(AddressPrefix.parse(text)).hasToString(text);
    }
    assertThat(AddressPrefix.parse("192.0.2.7/32")).isEqualTo(AddressPrefix.parse("192.0.2.7"));
    AddressPrefix wide = AddressPrefix.parse("2001:db8::/32");
    assertThat(AddressPrefix.parse(wide.toString())).isEqualTo(wide);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "10",
        "10.1",
        "10.0.0.0/",
        "10.0.0.0/x",
        "10.0.0.0/33",
        "10.0.0.0/8/8",
        "::1/129",
        "10.0.0.256",
        "localhost",
        "fe80::1%lo",
        "[::1]",
        "*",
        "10.0.0.0/-1",
        "1:2",
        "10.0.0.0/1000"
      })
  void refusesOthers(String text) {
    assertThatThrownBy(() -> AddressPrefix.parse(text))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void saysWhichNetworkIsMeant() {
    assertThatThrownBy(() -> AddressPrefix.parse("10.1.2.3/8"))
        .hasMessage("10.1.2.3 is no network of 8 bits; 10.0.0.0/8 is");
  }
}
