package hikyaku.server.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Octets without sense to a session in each state. Whatever comes, each line gets one well-formed
 * reply, in step, and only QUIT deletes.
 */
class StateFuzzTest {
  private static final int ROUNDS = 40;
  private static final int LINES = 50;

  enum At {
    GREETING(""),
    NAMED("USER u1\r\n"),
    LOGGED_IN("USER u1\r\nPASS secret\r\n"),
    MARKED("USER u1\r\nPASS secret\r\nDELE 1\r\n");

    private final String way;

    At(String way) {
      this.way = way;
    }
  }

  private static final List<String> WORDS =
      List.of(
          "USER",
          "PASS",
          "APOP",
          "STLS",
          "CAPA",
          "UTF8",
          "STAT",
          "LIST",
          "RETR",
          "DELE",
          "NOOP",
          "RSET",
          "TOP",
          "UIDL",
          "AUTH",
          "u1",
          "secret",
          "1",
          "2",
          "3",
          "0",
          "99999999999",
          "-1",
          "=",
          "*",
          "XYZZY",
          "",
          " ",
          "\u00e9",
          "AHUxAHg=",
          "\t",
          "\0");

  @ParameterizedTest
  @EnumSource(At.class)
  void anyLines(At at) throws IOException {
    long seed = 2449 + at.ordinal();
    Random random = new Random(seed);
    Pop3Limits limits =
        new Pop3Limits(
            Duration.ofSeconds(9),
            Duration.ofSeconds(9),
            Duration.ofSeconds(9),
            Integer.MAX_VALUE,
            Integer.MAX_VALUE);
    try (Pop3Rig rig = new Pop3Rig(new Pop3Settings(false, Duration.ZERO, limits))) {
      rig.deliver("u1", "", octets("Subject: a\r\n\r\n.\r\n+OK\r\n"));
      rig.deliver("u1", "", octets("\n.\r\n-ERR\r"));
      for (int round = 0; round < ROUNDS; round++) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        said.writeBytes(octets(at.way));
        for (int line = 0; line < LINES; line++) {
          said.writeBytes(line(random));
        }
        // Whatever exchange was begun is over now, and LANG is said here only.
        said.writeBytes(octets("*\r\nLANG tlh\r\n"));
        String told = "seed " + seed + " round " + round;
        try (Pop3Client client = rig.connect()) {
          client.send(said.toByteArray());
          readToEnd(client, told);
        } catch (IOException e) {
          throw new AssertionError(told, e);
        }
      }
      assertThat(rig.inbox("u1").refresh().size()).isEqualTo(2);
    }
  }

  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] line(Random random) {
    StringBuilder line = new StringBuilder();
    int words = 1 + random.nextInt(3);
    for (int word = 0; word < words; word++) {
      line.append(word > 0 ? " " : "").append(WORDS.get(random.nextInt(WORDS.size())));
    }
    byte[] octets = octets(line + (random.nextInt(4) == 0 ? "\n" : "\r\n"));
    if (random.nextInt(8) == 0 && octets.length > 2) {
      octets[random.nextInt(octets.length - 2)] = (byte) random.nextInt(256);
    }
    return octets;
  }

  /** Reads replies, with their texts where there are any, up to the last. */
  private static void readToEnd(Pop3Client client, String told) throws IOException {
    while (true) {
      String reply = client.line();
      assertThat(reply).as(told).matches("\\+OK( [ -~]*)?|-ERR [ -~]+|\\+ [A-Za-z0-9+/=]*");
      assertThat(reply.length()).as(told).isLessThanOrEqualTo(510);
      if (reply.equals("-ERR No such language")) {
        return;
      }
      if (reply.matches("\\+OK (.* follow|[0-9]+ octets|[0-9]+ messages \\([0-9]+ octets\\))")) {
        client.dotted();
      }
    }
  }
}
