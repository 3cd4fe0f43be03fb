package hikyaku.server.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.Faults;
import hikyaku.protocol.wire.WireException;
import hikyaku.server.net.TlsMode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions made of anything at all: each reply is one, and each 250 is a message in a mailbox. */
class SmtpHostileTest {
  private static final int SESSIONS = 3000;
  private static final Pattern REPLY = Pattern.compile("[2-5]\\d\\d[ -][\\t -~]*");

  private static final List<String> PIECES =
      List.of(
          "EHLO c\r\n",
          "LHLO c\r\n",
          "HELO c\r\n",
          "AUTH PLAIN AHUxAHNlY3JldA==\r\n",
          "AUTH PLAIN\r\n",
          "MAIL FROM:<u1@demo.test>\r\n",
          "MAIL FROM:<u1@demo.test>\r\n",
          "MAIL FROM:<> BODY=BINARYMIME SIZE=3\r\n",
          "RCPT TO:<u1@demo.test>\r\n",
          "RCPT TO:<u1@demo.test>\r\n",
          "RCPT TO:<nobody@demo.test>\r\n",
          "DATA\r\n",
          "DATA\r\n",
          "Subject: x\r\n",
          "\r\n.\r\n",
          "\n.\n",
          "BDAT 4\r\n",
          "BDAT 10 LAST\r\n",
          "BDAT x\r\n",
          "RSET\r\n",
          "NOOP\r\n",
          "STARTTLS\r\n",
          "*\r\n",
          "\0\u00ff",
          "\r",
          "QUIT\r\n");

  @ParameterizedTest
  @EnumSource(SmtpFace.class)
  void whateverIsSent(SmtpFace face) throws IOException {
    SmtpSettings settings = TestSettings.with(TestSettings.DEFAULT, "messageOctets", "40");
    try (World world = new World(face, settings, TlsMode.NONE)) {
      assertThat(world.count("u1")).isZero();
      int delivered = 0;
      for (long seed = 1; seed <= SESSIONS; seed++) {
        Random random = new Random(seed);
        if (random.nextInt(4) == 0) {
          world
              .store
              .faults()
              .failNext(random.nextBoolean() ? Faults.When.BEFORE : Faults.When.AFTER);
        }
        delivered += session(world, seed, pieces(face, random));
        world.store.faults().clear();
        assertThat(world.count("u1")).as("seed %s", seed).isEqualTo(delivered);
      }
      assertThat(delivered).isGreaterThan(SESSIONS / 100);
    }
  }

  /** A way into a transaction or half of one, then anything. */
  private static List<String> pieces(SmtpFace face, Random random) {
    List<String> pieces = new ArrayList<>();
    if (random.nextInt(5) > 0) {
      List<String> way = new ArrayList<>();
      way.add(face == SmtpFace.LMTP ? "LHLO c\r\n" : "EHLO c\r\n");
      if (face == SmtpFace.SUBMISSION) {
        way.add("AUTH PLAIN AHUxAHNlY3JldA==\r\n");
      }
      way.addAll(List.of("MAIL FROM:<u1@demo.test>\r\n", "RCPT TO:<u1@demo.test>\r\n", "DATA\r\n"));
      pieces.addAll(way.subList(0, random.nextInt(1, way.size() + 1)));
    }
    for (int i = random.nextInt(1, 25); i > 0; i--) {
      String piece = PIECES.get(random.nextInt(PIECES.size()));
      if (random.nextInt(4) == 0 && !pieces.isEmpty()) {
        pieces.addLast(pieces.removeLast() + piece);
      } else {
        pieces.add(piece);
      }
    }
    return pieces;
  }

  /** One session; the number of messages said to be delivered. */
  private static int session(World world, long seed, List<String> pieces) throws IOException {
    TestConnection connection = new TestConnection("h" + seed, pieces);
    try {
      world.protocol.serve(connection);
    } catch (WireException cutOff) {
      // An ordinary end of such a session.
    }
    // In LMTP one copy may be told of twice, to two recipients who are one.
    Set<String> delivered = new HashSet<>();
    for (String line : connection.said().split("\r\n")) {
      assertThat(line).as("seed %s", seed).matches(REPLY);
      if (line.startsWith("250 2.0.0 Delivered as")) {
        delivered.add(line);
      }
    }
    return delivered.size();
  }
}
