package hikyaku.protocol.smtp;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** Any octets give a reply or a refusal, and a reply holds nothing that could hurt a log. */
class ServerReplyFuzzTest {
  @FuzzTest
  void anyOctetsAreReadOrRefused(byte[] octets) {
    ServerReplyTest.check(octets);
  }
}
