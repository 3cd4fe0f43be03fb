package hikyaku.protocol.smtp;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** Any octets give a command. */
class CommandParserFuzzTest {
  @FuzzTest
  void anyOctetsGiveACommand(byte[] line) {
    CommandParserTest.checkCommand(CommandParser.parse(line));
  }
}
